import { key, uniform } from '@lea/core';
import { describe, expect, test } from 'vitest';
import { float32, int32, prepare, specsOf, targetRanks, type Value } from '../index.ts';

const ranksOf = async (inputs: { scores: Value; target: Value; counted?: Value }, backend?: string) => {
  const runner = await prepare(
    ({ inputs: { scores, target, counted } }) => ({
      state: {},
      outputs: { ranks: targetRanks(scores as never, target!, counted) },
    }),
    { inputs: specsOf(inputs) },
    { mode: 'direct', threads: 1, backend },
  );
  const { outputs } = await runner.run({ inputs });
  await runner.dispose();
  return [...outputs.ranks!.data];
};

const { NaN: nan, POSITIVE_INFINITY: high, NEGATIVE_INFINITY: low } = Number;

describe.each([['compiled'], ['cpu'], ['wasm']])('%s', (how) => {
  const backend = how === 'compiled' ? undefined : how;

  test('counts what is higher, and what is equal and earlier', async () => {
    const scores = float32([3, 1, 2, 1, 0, -0, low, low, high, high, 5, 5], [3, 4]);
    expect(await ranksOf({ scores, target: int32([3, 1, 3]) }, backend)).toEqual([4, 2, 4]);
    expect(await ranksOf({ scores, target: int32([1, 3, 0]) }, backend)).toEqual([3, 4, 1]);
  });

  test('columns that are not counted are never ahead', async () => {
    const scores = float32([3, 1, 2, 1, 1, 1, 1, 1], [2, 4]);
    const counted = { dtype: 'bool', shape: [2, 4], data: Uint8Array.of(0, 1, 1, 0, 0, 1, 0, 1) } as const;
    expect(await ranksOf({ scores, target: int32([3, 3]), counted }, backend)).toEqual([3, 2]);
  });

  test('a row without a sum has the rank 0', async () => {
    const scores = float32([1, nan, 2, nan, 2, 1, high, low, 2, 1, low, 1], [4, 3]);
    expect(await ranksOf({ scores, target: int32([0, 1, 2, 0]) }, backend)).toEqual([0, 0, 0, 1]);
  });

  test('agrees with a sort of many scores with ties', async () => {
    const [rows, columns] = [40, 67];
    const scores = float32(
      uniform(key(3), rows * columns).map((u) => Math.round(9 * u)),
      [rows, columns],
    );
    const target = Int32Array.from(uniform(key(4), rows), (u) => Math.floor(columns * u));
    const wanted = Array.from(target, (own, row) => {
      const line = scores.data.subarray(row * columns, (row + 1) * columns);
      const order = Array.from(line.keys()).sort((a, b) => line[b]! - line[a]! || a - b);
      return order.indexOf(own) + 1;
    });
    expect(await ranksOf({ scores, target: int32(target) }, backend)).toEqual(wanted);
  });
});
