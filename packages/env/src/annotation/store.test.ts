import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32, int32 } from '@lea/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { annotationStore } from './store.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lea-store-'));
});
afterAll(() => rm(dir, { recursive: true }));

const shard = { reward: float32([1, -2.5], [2]), positives: int32([3, 4, 5, 6], [2, 2]) };

test('whatever bit flips, a shard is what it was or not there', async () => {
  const store = annotationStore(dir, 'a'.repeat(64), ['reward', 'positives']);
  await store.write(7, shard);
  const whole = await readFile(store.path(7));
  await fc.assert(
    fc.asyncProperty(fc.nat(8 * whole.length - 1), async (bit) => {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      await writeFile(store.path(7), bytes);
      const found = await store.read(7);
      if (found) expect(found).toEqual(shard);
      const some = await store.read(7, (column) => column === 'reward');
      if (some) expect(some).toEqual({ reward: shard.reward });
    }),
    { numRuns: 300 },
  );
  await writeFile(store.path(7), whole);
  expect(await store.read(7)).toEqual(shard);
});

test('a shard is of its annotation, its number and its columns', async () => {
  const columns = ['reward', 'positives'];
  const store = annotationStore(dir, 'b'.repeat(64), columns);
  await store.write(1, shard);
  const whole = await readFile(store.path(1));
  await writeFile(store.path(2), whole);
  expect(await store.read(2)).toBeUndefined();
  const alike = annotationStore(dir, `${'b'.repeat(63)}c`, columns);
  expect(alike.path(1)).toBe(store.path(1));
  expect(await alike.read(1)).toBeUndefined();
  expect(await annotationStore(dir, 'b'.repeat(64), [...columns, 'state']).read(1)).toBeUndefined();
  expect(await store.read(1)).toEqual(shard);
  expect(await store.read(3)).toBeUndefined();
});
