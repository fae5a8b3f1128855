import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key, normal } from '@lea/core';
import { catalogIdentityOf, checkCatalogIdentity, historyWindows, windowsOf } from '@lea/data';
import { float32, type Value } from '@lea/tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fitEnvironment } from '../fit/fit-environment.ts';
import { rowsOf } from '../testing.ts';
import { createEnvironment, type Environment, loadEnvironment } from './environment.ts';

const ITEMS = 37;
const SIZE = 12;
const train = rowsOf(
  Array.from({ length: 60 }, (_, u) => Array.from({ length: 9 }, (_, t) => (u + t * (1 + (u % 3))) % ITEMS)),
  ITEMS,
);
const texts = normal(key(5), ITEMS * SIZE);
const tokens = float32(texts, [ITEMS, SIZE]);
const options = { train, width: 16, layers: 1, window: 8, epochs: 6, dropout: 0.1, lr: 0.01 };

/** The tokens of some items, again. */
const copies = (...items: number[]): Value =>
  float32(Float32Array.from(items.flatMap((i) => [...texts.subarray(i * SIZE, (i + 1) * SIZE)])), [items.length, SIZE]);

/** Whether b begins with a, to 1e-5. */
function near(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, i) => Math.abs(value - b[i]!) < 1e-5);
}

describe.each([
  { itemInput: 'id+text', candidateInput: 'input', textMemoryWidth: 0, countFeatures: false },
  { itemInput: 'id+text', candidateInput: 'text', textMemoryWidth: 8, countFeatures: true },
  { itemInput: 'text', candidateInput: 'text', textMemoryWidth: 0, countFeatures: false },
] as const)(
  'further items of an environment of $itemInput, candidates as $candidateInput, memory $textMemoryWidth',
  (choice) => {
    const { itemInput: input, candidateInput: candidates, countFeatures: counting } = choice;
    let env: Environment;
    let grown: Environment;
    beforeAll(async () => {
      env = await fitEnvironment({ ...options, tokens, ...choice });
      grown = env.withItems(copies(4, 20, 33));
    });
    afterAll(async () => {
      await env.dispose();
      await grown.dispose();
    });

    const histories = Array.from({ length: 140 }, (_, u) =>
      Array.from({ length: u % 9 }, (_, t) => (u * 5 + t) % ITEMS),
    );
    const before = windowsOf(histories, 8, ITEMS);
    const after = windowsOf(histories, 8, ITEMS + 3);

    test('what was said of the items it had stays the same to the last bit', async () => {
      expect(await grown.states(after)).toEqual(await env.states(before));
      const actions = Int32Array.from({ length: 140 * 4 }, (_, i) => (i * 11) % ITEMS);
      expect(await grown.rewards(after, actions)).toEqual(await env.rewards(before, actions));
      const [old, now] = [await env.score(before), await grown.score(after)];
      for (let row = 0; row < 140; row++) {
        const own = now.subarray(row * (ITEMS + 3), row * (ITEMS + 3) + ITEMS);
        expect(own).toEqual(old.subarray(row * ITEMS, (row + 1) * ITEMS));
      }
      const exclude = histories.map(() => [ITEMS, ITEMS + 1, ITEMS + 2]);
      expect(await grown.positives(after, 7, { exclude })).toEqual(await env.positives(before, 7));
    });

    test('windows that begin one another are read once, and answered as if each stood alone', async () => {
      const rows = Int32Array.from({ length: 18 }, (_, i) => i);
      const together = historyWindows(train, rows, 8);
      const encoded = await env.encode(together);
      // Two users of nine decisions.
      expect(encoded.states.length).toBe(2 * 9 * options.width);
      const logits = await env.scoreEncoded(encoded);
      const actions = Int32Array.from({ length: 18 * 70 }, (_, i) => (i * 11) % ITEMS);
      const rewards = await env.rewardsEncoded(encoded, actions);
      for (const row of rows) {
        const alone = historyWindows(train, [row], 8);
        expect(near(await env.states(alone), encoded.state.subarray(row * env.stateSize))).toBe(true);
        expect(near(await env.score(alone), logits.subarray(row * ITEMS))).toBe(true);
        const own = actions.subarray(row * 70, (row + 1) * 70);
        expect(near(await env.rewards(alone, own), rewards.subarray(row * 70))).toBe(true);
        // However many candidates there are besides.
        expect(near(await env.rewards(alone, own.subarray(0, 3)), rewards.subarray(row * 70))).toBe(true);
      }
    });

    test('however many histories are asked about, each gets the same answer', async () => {
      const actions = Int32Array.from({ length: 140 * 2 }, (_, i) => (i * 11) % ITEMS);
      const [states, logits, rewards] = [
        await env.states(before),
        await env.score(before),
        await env.rewards(before, actions),
      ];
      for (const size of [0, 1, 8, 9, 33, 129]) {
        const some = windowsOf(histories.slice(3, 3 + size), 8, ITEMS);
        expect(some.size).toBe(size);
        const [ownStates, ownLogits] = [await env.states(some), await env.score(some)];
        const own = await env.rewards(some, actions.subarray(6, 6 + 2 * size));
        expect([ownStates.length, ownLogits.length, own.length]).toEqual([
          size * env.stateSize,
          size * ITEMS,
          size * 2,
        ]);
        expect(near(ownStates, states.subarray(3 * env.stateSize))).toBe(true);
        expect(near(ownLogits, logits.subarray(3 * ITEMS))).toBe(true);
        expect(near(own, rewards.subarray(6))).toBe(true);
      }
    });

    test('an item with the text of another is liked as that one is', async () => {
      // Of free vectors the further item has none: where they count, it is near its like, but not the same.
      const every = Int32Array.from({ length: 140 * (ITEMS + 3) }, (_, i) => i % (ITEMS + 3));
      const rewards = await grown.rewards(after, every);
      // Where popularity counts, one that nobody took is less likely than its like.
      for (const answers of [rewards, ...(counting ? [] : [await grown.score(after)])]) {
        let nearer = 0;
        for (let row = 0; row < 140; row++) {
          const own = answers.subarray(row * (ITEMS + 3), (row + 1) * (ITEMS + 3));
          for (const [k, like] of [4, 20, 33].entries()) {
            const distance = (item: number): number => Math.abs(own[item]! - own[ITEMS + k]!);
            for (let item = 0; item < ITEMS; item++) if (item !== like && distance(like) < distance(item)) nearer++;
          }
        }
        const share = nearer / (140 * 3 * (ITEMS - 1));
        expect(share).toBeGreaterThan(input === 'text' ? 0.999 : 0.7);
      }
      if (candidates === 'input') return;
      for (let row = 0; row < 140; row++) {
        expect(rewards[row * (ITEMS + 3) + ITEMS]).toBeCloseTo(rewards[row * (ITEMS + 3) + 4]!, 4);
      }
    });

    test('histories with further items are read as those with their likes', async () => {
      const [like, itself] = [
        await grown.score(windowsOf([[1, 20, 33]], 8, ITEMS + 3)),
        await grown.score(windowsOf([[1, ITEMS + 1, ITEMS + 2]], 8, ITEMS + 3)),
      ];
      if (input === 'text') like.forEach((logit, i) => void expect(itself[i]).toBeCloseTo(logit, 4));
      else expect(itself.every(Number.isFinite)).toBe(true);
    });

    test('it is saved and grows again', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'lea-grown-'));
      await grown.save(dir);
      const again = await loadEnvironment(dir);
      await rm(dir, { recursive: true });
      expect(again.hash).toBe(grown.hash);
      expect(again.catalogIdentity).toEqual(grown.catalogIdentity);
      expect(grown.hash).not.toBe(env.hash);
      expect([...again.counts.subarray(ITEMS)]).toEqual([0, 0, 0]);
      const all = env.withItems(copies(4, 20, 33, 7));
      const step = again.withItems(copies(7));
      expect(step.hash).toBe(all.hash);
      expect(step.items).toBe(ITEMS + 4);
      await again.dispose();
    });
  },
);

test('the catalog of an environment is that of its fit, whose items come first', async () => {
  const env = await fitEnvironment({ ...options, epochs: 1, tokens });
  const { itemIds } = train.sequences;
  expect(env.catalogIdentity).toEqual(catalogIdentityOf(itemIds));
  expect(env.withItems(copies(1)).catalogIdentity).toEqual(env.catalogIdentity);
  const check = (ids: string[], items: number) => () => checkCatalogIdentity('these', ids, env.catalogIdentity, items);
  expect(check(itemIds, ITEMS)).not.toThrow();
  expect(check([...itemIds, 'new'], ITEMS + 1)).not.toThrow();
  expect(check(['new', ...itemIds], ITEMS + 1)).toThrow('same order');
  expect(check([...itemIds, 'new'], ITEMS)).toThrow('38 items');

  // Files without it are read as before; with another one they do not belong together.
  const dir = await mkdtemp(join(tmpdir(), 'lea-catalog-'));
  const { name, config, params, counts } = env;
  const runtime = { threads: 1, backend: undefined };
  const old = createEnvironment({ name, config, params, counts, tokens: null, calibration: null, data: 'x', runtime });
  await old.save(dir);
  const again = await loadEnvironment(dir);
  expect(again.hash).toBe(old.hash);
  expect(again).not.toHaveProperty('catalogIdentity');
  const file = JSON.parse(await readFile(join(dir, 'environment.json'), 'utf8'));
  await writeFile(join(dir, 'environment.json'), JSON.stringify({ ...file, catalogIdentity: env.catalogIdentity }));
  await expect(loadEnvironment(dir)).rejects.toMatchObject({ code: 'E_ENVIRONMENT_FILE' });
  await rm(dir, { recursive: true });
  await env.dispose();
  await expect(env.score(windowsOf([[1]], 8, ITEMS))).rejects.toMatchObject({ code: 'E_DISPOSED' });
});

test('further items that cannot enter are named', async () => {
  const env = await fitEnvironment({ ...options, epochs: 1, tokens });
  expect(() => env.withItems(float32([1, 2], [1, 2]))).toThrow('[count, 12]');
  expect(() => env.withItems(float32(texts, [ITEMS * SIZE]))).toThrow('[count, 12]');
  const ids = await fitEnvironment({ ...options, epochs: 1 });
  expect(() => ids.withItems(copies(1))).toThrow('without item tokens');
});
