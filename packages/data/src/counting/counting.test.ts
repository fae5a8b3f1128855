import { expect, it } from 'vitest';
import { interactionsOf } from '../interactions-of.ts';
import { sequences, transitions } from '../sequences.ts';
import { sparseRows, transposed } from './sparse-rows.ts';
import { successions } from './successions.ts';

const log = interactionsOf({ user: ['u', 'u', 'u', 'v', 'v'], item: ['a', 'b', 'a', 'b', 'c'] });
const rows = transitions(sequences(log));

/** As lists of [column, value], by row. */
const listed = ({ offsets, columns, values }: ReturnType<typeof sparseRows>) =>
  Array.from({ length: offsets.length - 1 }, (_, x) =>
    Array.from({ length: offsets[x + 1]! - offsets[x]! }, (_, i) => [
      columns[offsets[x]! + i],
      values[offsets[x]! + i],
    ]),
  );

it('counts what followed, weighted by the distance', () => {
  const counted = successions(rows, 2, (distance) => 1 / distance);
  expect(listed(counted)).toEqual([
    [
      [1, 1],
      [0, 0.5],
    ],
    [
      [0, 1],
      [2, 1],
    ],
    [],
  ]);
  expect([...counted.sums]).toEqual([1.5, 2, 0]);
});

it('exchanges rows and columns, which then ascend', () => {
  const turned = transposed(successions(rows, 2, (distance) => 1 / distance));
  expect(listed(turned)).toEqual([
    [
      [0, 0.5],
      [1, 1],
    ],
    [[0, 1]],
    [[1, 1]],
  ]);
  expect([...turned.sums]).toEqual([1.5, 1, 1]);
  expect(listed(transposed(turned))[0]).toEqual([
    [0, 0.5],
    [1, 1],
  ]);
});

it('adds up equal pairs', () => {
  const twice = sparseRows(2, (visit) => {
    visit(0, 1, 2);
    visit(0, 1, 3);
  });
  expect(listed(twice)).toEqual([[[1, 5]], []]);
});
