import { createWorld, splitByUser } from '@lea/data';
import { fitEnvironment } from '@lea/env';
import { type Fidelity, fidelity, popularity, tfidfVectors } from '@lea/eval';
import { expect, test } from 'vitest';
import { spoiledTokens } from './tokens.ts';

/** Worlds whose items are many and users few: there texts have most to say. */
const worlds = [0, 1].map((seed) => {
  const { itemTexts, interactions } = createWorld({ seed, users: 150, items: 400, tastes: 6, meanLength: 30 });
  const split = splitByUser(interactions, { seed, fractions: [0.6, 0.1, 0.3] });
  return { seed, ...split, tokens: tfidfVectors(itemTexts.texts, { dimensions: 64 }) };
});
type World = (typeof worlds)[number];

type Measure = (found: Fidelity) => number;
const ndcg: Measure = (found) => found.ndcg;
const uniform: Measure = (found) => found.accuracyUniform;
const popular: Measure = (found) => found.accuracyPopular;

/** The mean of a measure over the worlds. */
const pooled = (all: readonly Fidelity[], measure: Measure): number =>
  all.reduce((sum, found) => sum + measure(found) / all.length, 0);

async function each(of: (world: World) => Promise<Fidelity>): Promise<Fidelity[]> {
  const all: Fidelity[] = [];
  for (const world of worlds) all.push(await of(world));
  return all;
}

async function fitted(spoil: 'nothing' | 'shuffled' | 'random', world: World): Promise<Fidelity> {
  const { seed, train, validation, test: held } = world;
  const small = { window: 10, width: 32, layers: 1, dropout: 0.2, lr: 0.005, epochs: 16, patience: 16, threads: 1 };
  const tokens = spoiledTokens(world.tokens, spoil, seed);
  const env = await fitEnvironment({ seed, train, validation, tokens, itemInput: 'text', ...small });
  try {
    const found = await fidelity(env, held, { train });
    expect(found.probabilities).toMatchObject(env.calibration!);
    return found;
  } finally {
    await env.dispose();
  }
}

let counted: Promise<Fidelity[]> | undefined;
const counting = (): Promise<Fidelity[]> =>
  (counted ??= each(({ train, test: held }) => fidelity(popularity(train), held, { train })));
let told: Promise<Fidelity[]> | undefined;
const withTexts = (): Promise<Fidelity[]> => (told ??= each((world) => fitted('nothing', world)));

test('with the texts of items, fidelity is there, and its probabilities hold for users that no fit saw', async () => {
  const [texts, counts] = [await withTexts(), await counting()];
  expect(pooled(texts, ndcg)).toBeGreaterThan(0.075);
  expect(pooled(texts, ndcg)).toBeGreaterThan(1.25 * pooled(counts, ndcg));
  expect(pooled(texts, uniform)).toBeGreaterThan(0.7);
  expect(pooled(texts, popular)).toBeGreaterThan(0.62);
  expect(Math.abs(pooled(counts, popular) - 0.5)).toBeLessThan(0.04);
  expect(pooled(texts, (found) => found.probabilities!.ece)).toBeLessThan(0.05);
});

test.each(['shuffled', 'random'] as const)('with %s texts it falls to what counting knows', async (spoil) => {
  const [spoiled, texts, counts] = [await each((world) => fitted(spoil, world)), await withTexts(), await counting()];
  expect(pooled(spoiled, ndcg)).toBeLessThan(1.2 * pooled(counts, ndcg));
  expect(pooled(spoiled, ndcg)).toBeLessThan(0.75 * pooled(texts, ndcg));
  expect(pooled(spoiled, popular)).toBeLessThan(0.6);
  expect(pooled(spoiled, popular)).toBeLessThan(pooled(texts, popular) - 0.06);
  expect(pooled(spoiled, uniform)).toBeLessThan(pooled(texts, uniform));
});
