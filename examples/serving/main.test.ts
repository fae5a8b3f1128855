import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { difference } from './check/difference.ts';
import { main } from './main.ts';

it('runs as it stands', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'serving-'));
  const lines = await main(folder);
  expect(lines).toHaveLength(6);
  expect(lines[0]).toMatch(/^item-\d\d(, item-\d\d){4}$/);
  expect(lines.slice(3)).toEqual(lines.slice(0, 3));
  expect((await readdir(folder)).sort()).toEqual(['items.json', 'policy.json', 'policy.onnx', 'weights.safetensors']);
  await rm(folder, { recursive: true });
});

it('the check tells wrong lists from rounding', () => {
  const list = (...items: number[]) => items.map((item) => ({ item, score: 20 - item }));
  const expected = [list(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)];
  const top = list(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  expect(difference(expected, [top])).toEqual({ wrong: 0, largest: 0 });
  expect(difference(expected, [top.with(9, { item: 10, score: 10 })]).wrong).toBe(1);
  expect(difference(expected, [top.with(9, { item: 99, score: 11 })]).wrong).toBe(1);
  expect(difference(expected, [top.with(0, { item: 0, score: 19 })])).toEqual({ wrong: 1, largest: 0.05 });
  expect(difference(expected, [top.slice(0, 9)]).wrong).toBe(1);
  expect(difference(expected, []).wrong).toBe(1);
  const tied = expected.map((own) => own.with(9, { item: 9, score: 10.00001 }));
  expect(difference(tied, [top.with(9, { item: 10, score: 10 })]).wrong).toBe(0);
});
