import { copyFile, mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fold, integers, key, task } from '@lea/core';
import { rowsHash } from '@lea/data';
import { float32 } from '@lea/tensor';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GivenFit } from '../fit/fit-options.ts';
import type { keptFit } from '../fit/kept-fit.ts';
import { userFolds } from '../fit/user-folds.ts';
import { type Environment, loadEnvironment } from '../inference/environment.ts';
import { catalogModel } from '../language-model/catalog-model.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { follow, rowsOf, usersOf } from '../testing.ts';
import { annotate } from './annotate.ts';
import { type CrossFitOptions, crossFit } from './cross-fit.ts';

/** What fits were given, and the hashes of environments that have been disposed of. */
const fits: GivenFit[] = [];
const disposed: string[] = [];
vi.mock('../fit/kept-fit.ts', async (original) => {
  const actual = await original<typeof import('../fit/kept-fit.ts')>();
  return {
    keptFit: vi.fn((...[fit, dir]: Parameters<typeof keptFit>) =>
      task(async function* () {
        fits.push(fit);
        const environment: Environment = yield* actual.keptFit(fit, dir);
        const dispose = async (): Promise<void> => {
          disposed.push(environment.hash);
          await environment.dispose();
        };
        return { ...environment, dispose };
      }),
    ),
  };
});

const ITEMS = 12;
const walks = Array.from({ length: 16 }, (_, u) => [...integers(fold(key(3), u), 4 + (u % 3), ITEMS)]);
const all = rowsOf(walks, ITEMS);
const train = usersOf(all, (u) => u < 11);
const validation = usersOf(all, (u) => u >= 11);
const tokens = float32(
  Float32Array.from({ length: ITEMS * 4 }, (_, i) => (Math.floor(i / 4) >> (i % 4)) & 1),
  [ITEMS, 4],
);
const fit = { train, tokens, width: 8, layers: 1, heads: 1, window: 4, epochs: 1, batch: 32 };
const split = (seed = 0) => [...userFolds(train, 2, fold(key(seed), 'cross-fitting'))];

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lea-cross-fit-'));
  fits.length = 0;
  disposed.length = 0;
});
afterEach(() => rm(dir, { recursive: true }));

const label = ({ stage, fold }: EnvironmentEvent) => `${stage}, fold ${fold!.number} of ${fold!.of}`;
/** Whether an event ends an epoch, or a part of another stage. */
const isWhole = ({ done }: EnvironmentEvent): boolean => done > 0 && Number.isInteger(done);

async function fitted(given: Partial<GivenFit> = {}, options: Partial<CrossFitOptions> = {}) {
  const stages: string[] = [];
  const annotation = await follow(
    crossFit({ ...fit, ...given }, { k: 3, ...options }),
    (event) => isWhole(event) && stages.push(label(event)),
  );
  return { annotation, stages };
}

test('each row is annotated by the environment of the other folds, its rewards standardized', async () => {
  const { annotation, stages } = await fitted({ validation }, { dir, excludeSeen: true });
  expect(stages).toEqual([1, 2].flatMap((f) => [`environment, fold ${f} of 2`, `annotation, fold ${f} of 2`]));
  const folders = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('environment.json'));
  const kept = await Promise.all(folders.map((name) => loadEnvironment(join(dir, name, '..'))));
  for (const [f, { rows, own, others }] of split().entries()) {
    expect(rowsHash(fits[f]!.train)).toBe(rowsHash(others));
    const environment = kept.find(({ hash }) => hash === annotation.environments[f])!;
    const alone = await annotate(environment, own, { k: 3, excludeSeen: true });
    const standardized = (reward: number) => Math.fround((reward - alone.rewardMean) / alone.rewardStd);
    rows.forEach((row, i) => {
      const [to, from] = [row * 3, i * 3];
      expect(annotation.reward[row]).toBe(standardized(alone.reward[i]!));
      expect(annotation.positives.slice(to, to + 3)).toEqual(alone.positives.slice(from, from + 3));
      expect(annotation.logits.slice(to, to + 3)).toEqual(alone.logits.slice(from, from + 3));
      const rewards = alone.positiveRewards.slice(from, from + 3).map(standardized);
      expect(annotation.positiveRewards.slice(to, to + 3)).toEqual(rewards);
    });
    await environment.dispose();
  }
  expect(annotation).toMatchObject({ rows: train.count, k: 3, rowsHash: rowsHash(train) });
  expect(annotation.rewardMean).toBeCloseTo(0, 5);
  expect(annotation.rewardStd).toBeCloseTo(1, 5);
  expect(annotation).not.toHaveProperty('calibration');
  expect(annotation).not.toHaveProperty('state');
});

test.each([
  ['with a text memory and counting', { textMemoryWidth: 4, negativeSamplingPower: 1 }],
  ['on a share of the users', { userShare: 0.5 }],
])("nothing of a fold's users reaches the environment that is asked about them, %s", async (_, choices) => {
  const before = (await fitted(choices)).annotation.environments;
  const [first] = split();
  const own = new Set(first!.own.sequence);
  // Other items, other lengths.
  const scrambled = walks.map((items, u) => (own.has(u) ? items.slice(1).map((item) => (item + 5) % ITEMS) : items));
  const after = (await fitted({ ...choices, train: usersOf(rowsOf(scrambled, ITEMS), (u) => u < 11) })).annotation
    .environments;
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
});

test("validation rows of a fold's users decide nothing in its fit", async () => {
  await fitted({ validation: all });
  const folds = split();
  expect(fits).toHaveLength(2);
  fits.forEach((given, f) => {
    const own = new Set(folds[f]!.own.sequence);
    expect(rowsHash(given.validation!)).toBe(rowsHash(usersOf(all, (u) => !own.has(u))));
  });
});

test('what was finished before a cut is not computed again', async () => {
  const stop = new AbortController();
  const stages: string[] = [];
  const cut = follow(crossFit({ ...fit, epochs: 2 }, { k: 3, dir, signal: stop.signal }), (event) => {
    stages.push(label(event));
    if (stages.at(-1) === 'environment, fold 2 of 2') stop.abort();
  });
  await expect(cut).rejects.toThrow('abort');
  expect(stages.at(-1)).toBe('environment, fold 2 of 2');

  const resumed = await fitted({ epochs: 2 }, { dir });
  const second = ['environment, fold 2 of 2', 'environment, fold 2 of 2', 'annotation, fold 2 of 2'];
  expect(resumed.stages).toEqual(['reused, fold 1 of 2', ...second]);
  const uncut = await fitted({ epochs: 2 });
  expect(resumed.annotation).toEqual(uncut.annotation);
  // Threads and names decide nothing; another rule asks the same environments.
  const again = await fitted({ epochs: 2, threads: 1, name: 'other' }, { dir });
  expect(again.stages).toEqual(['reused, fold 1 of 2', 'reused, fold 2 of 2']);
  expect(again.annotation).toEqual(uncut.annotation);
  const other = await fitted({ epochs: 2 }, { dir, k: 2 });
  expect(other.stages).toEqual(['annotation, fold 1 of 2', 'annotation, fold 2 of 2']);
  expect(other.annotation.environments).toEqual(uncut.annotation.environments);

  // A damaged environment is fitted again.
  const files = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('environment.safetensors'));
  expect(files).toHaveLength(2);
  await truncate(join(dir, files[0]!), 100);
  const repaired = await fitted({ epochs: 2 }, { dir });
  expect(repaired.stages.filter((stage) => stage.startsWith('environment'))).toHaveLength(2);
  expect(repaired.annotation).toEqual(uncut.annotation);

  // So is one that was fitted on other users, alone or with all that lies beside it.
  const [one, two] = files.map((name) => join(dir, dirname(name)));
  for (const names of [['environment.json', 'environment.safetensors'], await readdir(one!)]) {
    for (const name of names) await copyFile(join(one!, name), join(two!, name));
    const unmixed = await fitted({ epochs: 2 }, { dir });
    expect(unmixed.stages.filter((stage) => stage.startsWith('environment'))).toHaveLength(2);
    expect(unmixed.annotation).toEqual(uncut.annotation);
  }
});

test('rewards that are all alike become 0', async () => {
  const same = rowsOf(Array(8).fill([5]), ITEMS);
  const { annotation } = await fitted({ train: same });
  expect([...annotation.reward]).toEqual(Array(8).fill(0));
  expect(annotation.positiveRewards.every(Number.isFinite)).toBe(true);
});

test('environments are kept by all that decides them', async () => {
  const folders = async (given: Partial<GivenFit>) => {
    await fitted(given, { dir });
    return (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('environment.json')).length;
  };
  expect(await folders({})).toBe(2);
  const texts = Array.from({ length: ITEMS }, (_, i) => `thing ${i}`);
  const others: Partial<GivenFit>[] = [
    { lr: 0.01 },
    { validation },
    { tokens: float32(tokens.data.map((value) => 1 - value) as Float32Array, tokens.shape) },
    { tokens: null },
    {
      languageModel: await catalogModel(texts, {
        width: 8,
        layers: 1,
        heads: 1,
        vocabSize: 260,
        context: 8,
        epochs: 1,
      }),
    },
  ];
  for (const [i, given] of others.entries()) expect(await folders(given)).toBe(4 + 2 * i);
});

test('one environment is held at a time', async () => {
  const before: number[] = [];
  const work = crossFit(fit);
  const { environments, k } = await follow(work, (event) => {
    if (event.stage === 'environment' && isWhole(event)) before.push(disposed.length);
  });
  expect(before).toEqual([0, 1]);
  // All items but the row's own one, because there are fewer than 20.
  expect(k).toBe(11);
  expect(disposed).toEqual(environments);
  // When it is cut, too.
  const cut = crossFit(fit, { k: 3 });
  for await (const { stage } of cut) if (stage !== 'environment') break;
  expect(disposed).toHaveLength(3);
});

test('the hash tells seeds and numbers of folds', async () => {
  const hashes = [await fitted(), await fitted({ seed: 1 }), await fitted({}, { folds: 3 })];
  expect(new Set(hashes.map(({ annotation }) => annotation.hash)).size).toBe(3);
  expect(hashes.map(({ annotation }) => annotation.environments.length)).toEqual([2, 2, 3]);
  const trains = fits.map((given) => rowsHash(given.train));
  expect(new Set(trains).size).toBe(7);
});

test.each<[string, object, object, string]>([
  ['one fold', {}, { folds: 1 }, 'from 2 to 11'],
  ['half a fold', {}, { folds: 2.5 }, 'whole number'],
  ['more folds than users', {}, { folds: 12 }, 'from 2 to 11'],
  ['states', {}, { states: true }, 'states'],
  ['an option that is none', {}, { flods: 2 }, '"folds"'],
  ['more positives than items', {}, { k: 13 }, 'from 1 to 11'],
  ['no rows', { train: usersOf(all, () => false) }, {}, 'at least one training row'],
])('%s: refused before anything is fitted', async (_, given, options, message) => {
  await expect(fitted(given, options)).rejects.toThrow(message);
  expect(fits).toEqual([]);
});
