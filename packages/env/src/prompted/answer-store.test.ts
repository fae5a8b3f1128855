import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerStore } from './answer-store.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lea-answers-'));
});
afterAll(() => rm(dir, { recursive: true }));

test.each([0, 7.25, 10, null])('whatever bit flips, the answer %j is what it was or not there', async (rating) => {
  const key = `${rating}`.padEnd(64, 'a');
  const store = answerStore(dir);
  await store.write(key, rating);
  const folder = join(dir, key.slice(0, 2));
  const path = join(folder, (await readdir(folder))[0]!);
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(8 * whole.length - 1), async (bit) => {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      await writeFile(path, bytes);
      expect([rating, undefined]).toContain(await store.read(key));
    }),
    { numRuns: 300 },
  );
  await writeFile(path, whole);
  expect(await store.read(key)).toBe(rating);
});
