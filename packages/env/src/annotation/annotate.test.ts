import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyWindows, rowsHash } from '@lea/data';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fitEnvironment } from '../fit/fit-environment.ts';
import type { Environment } from '../inference/environment.ts';
import { rowsOf, usersOf } from '../testing.ts';
import { annotate, annotateToFiles } from './annotate.ts';
import { annotatedBy, fitUsers, train } from './testing.ts';

let env: Environment;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lea-annotation-'));
  env = await fitUsers();
});
afterAll(async () => {
  await env.dispose();
  await rm(dir, { recursive: true });
});

const annotated = (options: object = {}) => annotatedBy(env, { dir, ...options });

test('rows hold what the environment says of them', async () => {
  const { annotation } = await annotated({ dir: undefined, states: true });
  const rows = Int32Array.of(0, 7, 4400);
  const windows = historyWindows(train, rows, 5);
  const logged = rows.map((row) => train.sequences.items[train.event[row]!]!);
  const rewards = await env.rewards(windows, logged);
  const best = await env.positives(windows, 3, { exclude: Array.from(logged, (item) => [item]) });
  const states = await env.states(windows);
  rows.forEach((row, i) => {
    expect(annotation.reward[row]).toBeCloseTo(rewards[i]!, 5);
    expect(annotation.positives.subarray(row * 3, row * 3 + 3)).toEqual(best.items.subarray(i * 3, i * 3 + 3));
    expect(annotation.state![row * env.stateSize]).toBeCloseTo(states[i * env.stateSize]!, 5);
  });
  expect(annotation.rows).toBe(4500);
  const mean = annotation.reward.reduce((a, b) => a + b, 0) / 4500;
  expect(annotation.rewardMean).toBeCloseTo(mean, 6);
  for (let i = 0; i < 4500 * 3; i++) {
    const row = Math.floor(i / 3);
    expect(annotation.positives[i]).not.toBe(train.sequences.items[train.event[row]!]);
  }
});

test('is what the environment says of each row by itself, at the price of one history per user and one per slide', async () => {
  let read = 0;
  const counted: Environment = {
    ...env,
    async encode(windows) {
      const encoded = await env.encode(windows);
      read += encoded.states.length / ((1 + 5) * 8);
      return encoded;
    },
  };
  const options = { k: 3, states: true, rankBy: 'reward', shortlist: 6 } as const;
  const annotation = await annotate(counted, train, options);
  // Of ten windows of five events the first six begin one another. Two of the parts that the rows go through in cut
  // such six.
  expect(read).toBe(450 * 5 + 2);
  const near = (a: Float32Array, b: Float32Array, row: number): void => {
    a.forEach((value, i) => void expect(Math.abs(value - b[row * a.length + i]!)).toBeLessThan(1e-5));
  };
  for (let row = 0; row < 4500; row += 97) {
    const alone = historyWindows(train, [row], 5);
    const action = train.sequences.items[train.event[row]!]!;
    const best = await env.positives(alone, 3, { rankBy: 'reward', shortlist: 6, exclude: [[action]] });
    expect(annotation.positives.subarray(row * 3, row * 3 + 3)).toEqual(best.items);
    near(best.logits, annotation.logits, row);
    near(await env.rewards(alone, best.items), annotation.positiveRewards, row);
    near(await env.rewards(alone, Int32Array.of(action)), annotation.reward, row);
    near(await env.states(alone), annotation.state!, row);
  }
});

test('seen items can be left out', async () => {
  const { annotation } = await annotated({ dir: undefined, excludeSeen: true });
  const windows = historyWindows(train, Int32Array.of(9), 5);
  for (const item of windows.items) expect(annotation.positives.subarray(27, 30)).not.toContain(item);
});

test('positives follow the rule that is asked for', async () => {
  const rule = { rankBy: 'reward' as const, shortlist: 6, popularityCorrection: 0.5 };
  const { annotation } = await annotated({ dir: undefined, ...rule });
  const rows = Int32Array.of(3, 4321);
  const logged = rows.map((row) => train.sequences.items[train.event[row]!]!);
  const exclude = Array.from(logged, (item) => [item]);
  const best = await env.positives(historyWindows(train, rows, 5), 3, { ...rule, exclude });
  rows.forEach((row, i) => {
    expect(annotation.positives.subarray(row * 3, row * 3 + 3)).toEqual(best.items.subarray(i * 3, i * 3 + 3));
    const rewards = [...annotation.positiveRewards.subarray(row * 3, row * 3 + 3)];
    expect(rewards).toEqual(rewards.toSorted((a, b) => b - a));
  });
  await expect(annotated({ dir: undefined, pessimism: 1 })).rejects.toThrow('rewardHeads');
  await expect(annotated({ dir: undefined, rankBy: 'popularity' })).rejects.toThrow('"state"');
});

test('a second run asks the environment nothing', async () => {
  const { annotation } = await annotated();
  const silent = new Proxy(env, {
    get: (target, name) => {
      const value = target[name as keyof Environment];
      if (typeof value !== 'function') return value;
      return () => {
        throw new Error(String(name));
      };
    },
  });
  expect(await annotate(silent, train, { k: 3, dir })).toEqual(annotation);
});

test('a small catalog gives all items that every row has', async () => {
  // The rows of users who choose 0, 1, 2 and 3, 4: of 15 items 14 are left, or 12 if what was seen is left out.
  const few = rowsOf([[0, 1, 2], [3, 4]], 15); // biome-ignore format: one line
  const { k, positives } = await annotate(env, few);
  expect(k).toBe(14);
  const others = Array.from({ length: 14 }, (_, i) => i + 1);
  expect([...positives.subarray(0, 14)].sort((a, b) => a - b)).toEqual(others);
  expect((await annotate(env, few, { k: 14 })).positives).toEqual(positives);
  await expect(annotate(env, few, { k: 15 })).rejects.toThrow('k must be a whole number from 1 to 14');
  expect((await annotate(env, few, { excludeSeen: true })).k).toBe(12);
  await expect(annotate(env, few, { excludeSeen: true, k: 13 })).rejects.toThrow(/from 1 to 12.*seen/);
  expect((await annotate(env, few, { excludeSeen: true, window: 1 })).k).toBe(13);
});

test('what does not fit is named', async () => {
  await expect(annotated({ k: 15 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  await expect(annotate(env, rowsOf([[0, 1]], 3))).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  for (const n of [0, -1, 2.5, Number.NaN]) {
    for (const wrong of [{ window: n }, { k: n }, { shardRows: n }]) {
      await expect(annotated(wrong)).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    }
  }
});

test('rows of a catalog in another order are refused', async () => {
  const { sequences } = train;
  const other = { ...train, sequences: { ...sequences, itemIds: sequences.itemIds.toReversed() } };
  await expect(annotate(env, other, { k: 3 })).rejects.toThrow('same order');
});

test('it says which rows it is about, and so do its parts', async () => {
  const { annotation } = await annotated();
  expect(annotation.rowsHash).toBe(rowsHash(train));
  const half = (from: number, to: number) => ({
    ...train,
    count: to - from,
    event: train.event.slice(from, to),
    sequence: train.sequence.slice(from, to),
    done: train.done.slice(from, to),
  });
  expect(rowsHash(half(0, 2250))).not.toBe(rowsHash(half(2250, 4500)));
  const files = await annotateToFiles(env, train, { k: 3, dir });
  expect(files.rowsHash).toBe(annotation.rowsHash);
  expect((await files.read(2250, 4500)).rowsHash).toBe(rowsHash(half(2250, 4500)));
});

test('lowered rewards have no calibration', async () => {
  const [few, rest] = [usersOf(train, (u) => u < 20), usersOf(train, (u) => u >= 440)];
  const small = { width: 8, layers: 1, heads: 1, window: 5, epochs: 1, rewardHeads: 2 };
  const several = await fitEnvironment({ train: few, validation: rest, ...small });
  const of = (pessimism: number) => annotate(several, few, { k: 3, pessimism });
  expect((await of(0)).calibration).toEqual(several.calibration);
  expect(await of(1)).not.toHaveProperty('calibration');
  await several.dispose();
});
