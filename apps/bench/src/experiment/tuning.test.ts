import { createWorld, interactionsOf, type Split, splitByUser } from '@lea/data';
import { ease, evaluate, sknn, stan } from '@lea/eval';
import { expect, test } from 'vitest';
import { baselineName } from '../config/baseline-name.ts';
import { allBaselines } from '../config/presets/ladder.ts';
import type { CountedBaseline } from '../config/schema.ts';
import { type Context, lazyText } from './context.ts';
import { tunedBaseline } from './tuning.ts';

const { interactions, itemTexts } = createWorld({ users: 200, items: 100 });
const world = splitByUser(interactions, { seed: 0 });

function tuned(config: CountedBaseline, split: Split = world) {
  const signal = new AbortController().signal;
  return tunedBaseline(config, {
    split,
    signal,
    text: lazyText(itemTexts.texts),
    experiment: { window: 5 },
  } as Context);
}

const ndcg = async (scorer: Parameters<typeof evaluate>[0]) =>
  (await evaluate(scorer, world.validation)).metrics['ndcg@10']!;

test('validation decides one constant after the other, for as long as the next value is better', async () => {
  const { config, scorer, trials } = await tuned({ type: 'sknn' });
  const best = trials.reduce((a, b) => (b['ndcg@10'] > a['ndcg@10'] ? b : a));
  const { 'ndcg@10': reached, ...constants } = best;
  expect(config).toEqual({ type: 'sknn', ...constants });
  expect(await ndcg(scorer)).toBe(reached);
  expect(scorer.window).toBe(5);
  expect(trials[0]).toMatchObject({ repeat: 'never', neighbors: 500 });
  expect(trials[1]).toMatchObject({ repeat: 0, neighbors: 500 });
  for (const { 'ndcg@10': value, ...own } of trials) {
    expect(value).toBe(await ndcg(sknn(world.train, { window: 5, ...own })));
  }
  const walk = trials.filter((trial) => trial.repeat === constants.repeat).map((trial) => trial['ndcg@10']);
  for (let i = 1; i + 1 < walk.length; i++) expect(walk[i]).toBeGreaterThan(walk[i - 1]!);
});

test('what was decided before is kept', async () => {
  const { config, trials } = await tuned({ type: 'item-knn' });
  const { repeat } = config as { repeat?: number };
  expect(repeat).toBeGreaterThan(0);
  const later = trials.filter(({ decay }) => decay !== 0.8);
  expect(later.length).toBeGreaterThan(0);
  for (const trial of later) expect(trial.repeat).toBe(repeat);
});

test('systems that EASE shares are those of its lambda', async () => {
  const { config, scorer, trials } = await tuned({ type: 'ease', repeat: 'never' });
  expect(new Set(trials.map(({ regularization }) => regularization)).size).toBeGreaterThan(1);
  for (const { 'ndcg@10': value, ...own } of trials) {
    expect(value).toBe(await ndcg(ease(world.train, { window: 5, ...own })));
  }
  const { type: _, ...constants } = config;
  expect(await ndcg(scorer)).toBe(await ndcg(ease(world.train, { window: 5, ...constants })));
});

test('the name of a baseline is no constant of it', async () => {
  const { config, trials } = await tuned({ type: 'popularity', name: 'most bought' });
  expect(config).toEqual({ type: 'popularity' });
  expect(trials).toEqual([]);
});

test('what the config says is not tried', async () => {
  const { config, trials } = await tuned({
    type: 'stan',
    repeat: 0,
    positionScale: 3,
    distanceScale: 5,
    backward: 0.7,
  });
  expect(trials.map(({ neighbors }) => neighbors)).toEqual([100, 500]);
  expect(config).toMatchObject({ repeat: 0, positionScale: 3, distanceScale: 5, backward: 0.7 });
  const all = { repeat: 0, positionScale: 3, distanceScale: 5, backward: 0.7, neighbors: 7 };
  const given = await tuned({ type: 'stan', ...all });
  expect(given.trials).toEqual([]);
  expect(await ndcg(given.scorer)).toBe(await ndcg(stan(world.train, { window: 5, ...all })));
});

test('where users come back their items are raised', async () => {
  // Every user takes the same few items in turn, others than the next user.
  const events = Array.from({ length: 60 * 12 }, (_, i) => [Math.floor(i / 12), i % 3] as const);
  const log = interactionsOf({
    user: events.map(([user]) => `u${user}`),
    item: events.map(([user, i]) => `i${(7 * user + i * (1 + (user % 5))) % 50}`),
  });
  for (const type of ['co-occurrence', 'item-knn', 'ease'] as const) {
    const { config } = await tuned({ type }, splitByUser(log, { seed: 0 }));
    expect((config as { repeat?: number }).repeat, type).toBeGreaterThan(0);
  }
});

const counted = allBaselines.filter((config): config is CountedBaseline => config.type !== 'counting-memory');

test.each(counted.map((config) => [baselineName(config), config] as const))('%s is made', async (_, config) => {
  const { scorer, config: decided, trials } = await tuned(config);
  expect(scorer.items).toBe(100);
  expect(decided).toMatchObject(config);
  const fixed = ['popularity', 'repeat-history', 'last-item-markov', 'text-similarity'].includes(config.type);
  expect(trials.length > 0).toBe(!fixed);
  if (config.type === 'co-occurrence') expect('textNormalized' in decided).toBe(config.text === true);
});
