import { topK } from '@lea/data';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('topK: ties by index, NaN left out, k beyond the items', () => {
  const items = (scores: number[], k: number, skip: number[] = []) =>
    topK(scores, k, { exclude: new Set(skip) }).map(({ item }) => item);
  expect(items([1, 3, 3, 2], 3)).toEqual([1, 2, 3]);
  expect(items([0, Number.NaN, 0], 5)).toEqual([0, 2]);
  expect(items([5, 4, 3], 1, [0])).toEqual([1]);
  expect(items([5, 4], 0)).toEqual([]);
  expect(items([-Infinity, -Infinity], 1)).toEqual([0]);
});

test('topK is the head of the sorted scores', () => {
  const ranking = fc.record({
    scores: fc.array(fc.constantFrom(-Infinity, -1, 0, 0.5, 2, Infinity, Number.NaN), { maxLength: 60 }),
    k: fc.nat(20),
    skipped: fc.uniqueArray(fc.nat(59)),
  });
  fc.assert(
    fc.property(ranking, ({ scores, k, skipped }) => {
      const sorted = scores
        .map((score, item) => ({ item, score }))
        .filter(({ item, score }) => !Number.isNaN(score) && !skipped.includes(item))
        .sort((a, b) => (a.score === b.score ? a.item - b.item : b.score - a.score));
      expect(topK(scores, k, { exclude: new Set(skipped) })).toEqual(sorted.slice(0, k));
      const candidates = scores.map((_, item) => item).filter((item) => !skipped.includes(item));
      expect(topK(scores, k, { candidates })).toEqual(sorted.slice(0, k));
    }),
  );
});
