import type { Transitions } from '@lea/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, scores } from '../testing/histories.ts';
import { transitionsOf } from '../testing/transitions.ts';
import { ease } from './ease.ts';
import { gramInverse } from './gram-inverse.ts';

/** (X^T X + lambda I)^-1 by Gauss and Jordan, row by row. */
function naiveInverse(log: readonly (readonly number[])[], items: number, lambda: number): number[][] {
  const rows = Array.from({ length: items }, (_, x) =>
    Array.from({ length: 2 * items }, (_, y) => {
      if (y >= items) return y - items === x ? 1 : 0;
      return log.filter((own) => own.includes(x) && own.includes(y)).length + (x === y ? lambda : 0);
    }),
  );
  for (const [k, pivot] of rows.entries()) {
    const scale = pivot[k]!;
    for (const y of pivot.keys()) pivot[y]! /= scale;
    for (const [x, row] of rows.entries()) {
      const factor = row[k]!;
      if (x !== k) for (const y of row.keys()) row[y]! -= factor * pivot[y]!;
    }
  }
  return rows.map((row) => row.slice(items));
}

function inverseOf(train: Transitions, lambda: number): number[][] {
  const { items, addRows, diagonal } = gramInverse(train, lambda);
  return Array.from({ length: items }, (_, x) => {
    const row = new Float64Array(items);
    addRows([x], [1], row, 0);
    expect(row[x]).toBeCloseTo(diagonal[x]!, 5);
    return [...row];
  });
}

const logs = (users: { min: number; max: number }, items: number) =>
  fc.array(fc.array(fc.nat(items - 2), { minLength: 1, maxLength: 6 }), {
    minLength: users.min,
    maxLength: users.max,
  });

describe('gramInverse', () => {
  it.each([
    ['users', { min: 1, max: 3 }, 12],
    ['items', { min: 12, max: 25 }, 8],
  ])('from the system of %s equals a naive inverse', (_, users, items) => {
    fc.assert(
      fc.property(logs(users, items), fc.constantFrom(0.5, 3, 100), (log, lambda) => {
        const naive = naiveInverse(log, items, lambda);
        const given = inverseOf(transitionsOf(log, items), lambda);
        for (const [x, row] of given.entries()) expectClose(row, naive[x]!, 5);
      }),
    );
  });

  it('does not depend on which system is solved', () => {
    // Users without company add nothing to the product, but make the users outnumber the items.
    const log = [
      [0, 1, 2, 3, 4],
      [2, 3, 4, 5, 6, 7],
      [0, 7, 8, 9],
    ];
    const alone = Array.from({ length: 9 }, (_, x) => [10 + x]);
    const few = inverseOf(transitionsOf(log, 20), 2);
    const many = inverseOf(transitionsOf([...log, ...alone, ...alone, ...alone], 20), 2);
    for (let x = 0; x < 10; x++) expectClose(many[x]!, few[x]!, 6);
    expect(many[10]![10]).toBeCloseTo(1 / 5, 6);
    expect(many[19]![19]).toBeCloseTo(1 / 2, 6);
  });

  it('adds weighted rows where it is told to', () => {
    for (const log of [[[0, 1, 2, 3]], [[0, 1], [1], [0], [0, 1]]]) {
      const inverse = gramInverse(transitionsOf(log, 4), 1);
      const [one, two, sum] = [new Float64Array(4), new Float64Array(4), new Float64Array(9).fill(1)];
      inverse.addRows([0], [1], one, 0);
      inverse.addRows([3], [1], two, 0);
      inverse.addRows([0, 3], [2, -1], sum, 4);
      expectClose(sum, [1, 1, 1, 1, ...Array.from(one, (value, x) => 1 + 2 * value - two[x]!), 1], 6);
    }
  });

  it('refuses what it cannot solve', () => {
    const log = transitionsOf(
      [
        [0, 1],
        [0, 1],
      ],
      2,
    );
    expect(() => gramInverse(log, 1e-12)).toThrow(expect.objectContaining({ code: 'E_SINGULAR' }));
    const large = transitionsOf(
      Array.from({ length: 16_001 }, (_, x) => [x]),
      16_001,
    );
    expect(() => gramInverse(large, 1)).toThrow(expect.objectContaining({ code: 'E_SYSTEM_SIZE' }));
  });
});

describe('ease', () => {
  const log = [
    [0, 1, 2],
    [0, 1, 3],
    [1, 2],
  ];
  const train = transitionsOf(log, 5);
  const share = [2 / 8, 3 / 8, 2 / 8, 1 / 8, 0];

  it('is the decayed sum of the weights in closed form', async () => {
    for (const regularization of [1, 20]) {
      const inverse = naiveInverse(log, 5, regularization);
      const weight = (x: number, y: number) => (x === y ? 0 : -inverse[x]![y]! / inverse[y]![y]!);
      const wanted = share.map((popular, y) => weight(1, y) + 0.5 * weight(0, y) + 1e-6 * popular);
      expectClose(await scores(ease(train, { regularization, decay: 0.5 }), 0, 1), wanted, 6);
    }
  });

  it('equals a weight by hand', async () => {
    // Two users of both items: [2 + 1, 2; 2, 2 + 1] has the inverse [3, -2; -2, 3] / 5.
    const both = transitionsOf(
      [
        [0, 1],
        [1, 0],
      ],
      2,
    );
    expect((await scores(ease(both, { regularization: 1 }), 0))[1]).toBeCloseTo(2 / 3 + 0.5e-6, 6);
  });

  it('shares a solved system', async () => {
    const regularization = gramInverse(train, 7);
    for (const decay of [0.3, 1]) {
      expect(await scores(ease(train, { regularization, decay }), 0, 1)).toEqual(
        await scores(ease(train, { regularization: 7, decay }), 0, 1),
      );
    }
    expect(await scores(ease(train), 0)).toEqual(await scores(ease(train, { regularization: 100, decay: 0.8 }), 0));
  });
});
