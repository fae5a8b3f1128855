import { int32 } from '@lea/tensor';
import { expect, it } from 'vitest';
import { createCompactor } from './compact.ts';

const specs = {
  items: { dtype: 'int32', shape: [2, 3] },
  action: { dtype: 'int32', shape: [2] },
  candidates: { dtype: 'int32', shape: [3] },
  reward: { dtype: 'float32', shape: [2] },
} as const;

it('numbers the items of a batch, choices first, padding last', () => {
  const { choices, size, compact } = createCompactor(specs, 100);
  expect([choices, size]).toEqual([5, 11]);
  const items = int32([7, 50, 100, 8, 7, 99], [2, 3]);
  const { inputs, rows, used } = compact({ items, action: int32([50, 4]), candidates: int32([4, 9, 4]) });
  expect(used).toBe(6);
  expect([...rows.subarray(0, 6)]).toEqual([4, 9, 50, 7, 8, 99]);
  expect(rows.at(-1)).toBe(100);
  expect([...inputs.candidates!.data]).toEqual([0, 1, 0]);
  expect([...inputs.action!.data]).toEqual([2, 0]);
  expect([...inputs.items!.data]).toEqual([3, 2, 11, 4, 3, 5]);
  expect([...items.data]).toEqual([7, 50, 100, 8, 7, 99]);
});

it('forgets a batch before the next, and needs no more rows than there are items', () => {
  const { choices, size, compact } = createCompactor(specs, 4);
  expect([choices, size]).toEqual([4, 4]);
  const batch = { items: int32([0, 1, 2, 3, 4, 4], [2, 3]), action: int32([3, 2]), candidates: int32([1, 1, 0]) };
  const first = compact(batch);
  expect(compact(batch)).toEqual(first);
  expect([...first.rows]).toEqual([1, 0, 3, 2, 4]);
});
