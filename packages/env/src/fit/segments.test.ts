import { key } from '@lea/core';
import { transitions } from '@lea/data';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowsOf } from '../testing.ts';
import { negativeSampler, packSegments, predictedCounts, segmentsOf, subsetOfSequences } from './segments.ts';

const all = (): boolean => true;

test('a long history is cut into stretches of window + 1 slots that overlap', () => {
  const rows = rowsOf([Array.from({ length: 10 }, (_, i) => i)], 10);
  // The last one is as long as the others: more context does no harm.
  expect(segmentsOf(rows, 4, all)).toEqual([
    { sequence: 0, from: 0, first: 0, to: 5 },
    { sequence: 0, from: 4, first: 5, to: 9 },
    { sequence: 0, from: 5, first: 9, to: 10 },
  ]);
});

test('rows in the middle of a sequence have what came before as context', () => {
  const every = rowsOf([[5, 4, 3, 2, 1, 0]], 6);
  const last = transitions(every.sequences, (event) => event === 5);
  expect(segmentsOf(last, 3, all)).toEqual([{ sequence: 0, from: 2, first: 5, to: 6 }]);
});

test('every row is predicted once, from earlier events of its own sequence only', () => {
  const histories = fc.array(fc.array(fc.nat(8), { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(histories, fc.integer({ min: 2, max: 9 }), (users, window) => {
      const rows = rowsOf(users, 9);
      const positions = 2 * (window + 1);
      const segments = segmentsOf(rows, window, all);
      const negative = negativeSampler(rows, segments, key(1));
      const batches = packSegments(rows, segments, { rows: 2, positions }, (s, e) => negative(0, s, e));
      const predicted: string[] = [];
      for (const { items, segment, target, weight } of batches) {
        for (let i = 0; i < 2 * positions; i++) {
          if (weight!.data[i] === 0) continue;
          let begin = i;
          while (begin % positions > 0 && segment!.data[begin - 1] === segment!.data[i]) begin--;
          expect(items!.data[begin]).toBe(9);
          const { sequence, from } = segments[segment!.data[i]!]!;
          const event = from + i - begin;
          const own = rows.sequences.items;
          expect(target!.data[i]).toBe(own[event]);
          expect([...items!.data.subarray(begin + 1, i + 1)]).toEqual([...own.subarray(from, event)]);
          expect(from).toBeGreaterThanOrEqual(rows.sequences.offsets[sequence]!);
          predicted.push(`${event}`);
        }
      }
      expect(predicted.sort()).toEqual(Array.from(rows.event, (event) => `${event}`).sort());
    }),
  );
});

test('negatives were not met by the user and do not depend on other users', () => {
  const one = rowsOf(
    [
      [0, 1, 2],
      [3, 4],
    ],
    6,
  );
  const two = rowsOf(
    [
      [0, 1, 2],
      [5, 5, 5, 5],
    ],
    6,
  );
  const [a, b] = [one, two].map((rows) => negativeSampler(rows, segmentsOf(rows, 5, all), key(4)));
  for (let epoch = 0; epoch < 20; epoch++) {
    for (let event = 0; event < 3; event++) {
      expect([3, 4, 5]).toContain(a!(epoch, 0, event));
      expect(a!(epoch, 0, event)).toBe(b!(epoch, 0, event));
    }
  }
});

test('popular negatives are drawn in proportion to their count, each draw by itself', () => {
  const rows = rowsOf([[0], [1, 1, 1], [2], [2, 5]], 6);
  const counts = predictedCounts(rows, new Set([1, 2, 3]));
  expect([...counts]).toEqual([0, 3, 2, 0, 0, 1]);
  const segments = segmentsOf(rows, 5, all);
  const negative = negativeSampler(rows, segments, key(4), counts);
  const drawn = new Int32Array(6);
  const draws = [0, 1, 2].map((n) => Array.from({ length: 1000 }, (_, epoch) => negative(epoch, 2, 4, n)));
  for (const item of draws.flat()) drawn[item]!++;
  // Who has met item 2 gets item 1 three times as often as item 5.
  expect(drawn[1]! + drawn[5]!).toBe(3000);
  expect(drawn[1]! / drawn[5]!).toBeGreaterThan(2.6);
  expect(drawn[1]! / drawn[5]!).toBeLessThan(3.4);
  expect(draws[0]).not.toEqual(draws[1]);
  expect(draws[1]).not.toEqual(draws[2]);
});

test('several negatives of a position lie a row of slots apart', () => {
  const rows = rowsOf([[0, 1], [2], [3, 4]], 6);
  const segments = segmentsOf(rows, 2, all);
  const name = (sequence: number, event: number, draw: number): number => 100 * sequence + 10 * event + draw;
  const [batch] = packSegments(rows, segments, { rows: 2, positions: 3, negatives: 2 }, name);
  expect(batch!.negative!.shape).toEqual([2, 6]);
  expect([...batch!.negative!.data]).toEqual([0, 10, 120, 1, 11, 121, 230, 240, 0, 231, 241, 0]);
  expect([...batch!.weight!.data]).toEqual([1, 1, 1, 1, 1, 0]);
});

test('a fraction of the users, the same for the same seed', () => {
  const rows = rowsOf(
    Array.from({ length: 50 }, () => [0, 1]),
    2,
  );
  expect(subsetOfSequences(rows, 0.2, key(0)).size).toBe(10);
  expect(subsetOfSequences(rows, 0.2, key(0))).toEqual(subsetOfSequences(rows, 0.2, key(0)));
  expect(subsetOfSequences(rows, 0.001, key(0)).size).toBe(1);
});
