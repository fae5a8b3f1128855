import { float32 } from '@lea/tensor';
import { expect, it } from 'vitest';
import { textTable } from './likeness.ts';
import { rowOf } from './tables.ts';

it('texts: the cosine to a power, over its sum', async () => {
  // Texts at 0, 45, 90 and 0 degrees, and one without words.
  const half = Math.SQRT1_2;
  const text = float32([2, 0, half, half, 0, 1, 1, 0, 0, 0], [5, 2]);
  const dense = ({ offsets, columns, values }: Awaited<ReturnType<typeof textTable>>) =>
    Array.from({ length: 5 }, (_, x) => {
      const row = [0, 0, 0, 0, 0];
      for (let i = offsets[x]!; i < offsets[x + 1]!; i++) row[columns[i]!] = Math.round(values[i]! * 1e6) / 1e6;
      return row;
    });
  const third = 0.333333;
  expect(dense(await textTable(text, 2, Infinity))).toEqual([
    [0, third, 0, 0.666667, 0],
    [third, 0, third, third, 0],
    [0, 1, 0, 0, 0],
    [0.666667, third, 0, 0, 0],
    [0, 0, 0, 0, 0],
  ]);
  expect(dense(await textTable(text, 2, 1))[0]).toEqual([0, 0, 0, 0.666667, 0]);
  // To the fourth power 0.25, over 1.25.
  expect(dense(await textTable(text, 4, Infinity))[0]).toEqual([0, 0.2, 0, 0.8, 0]);
  // What is not near at all is left out.
  expect(rowOf(await textTable(text, 2, Infinity), 2).columns).toEqual(Int32Array.of(1));
  expect(rowOf(await textTable(text, 2, Infinity), 4).columns).toHaveLength(0);
});

it('knows the nearest of catalogs that take several products, to the last item', async () => {
  // Texts go round a circle: those nearest to the last one are the one before it and the first.
  const items = 3000;
  const angle = (item: number) => (2 * Math.PI * item) / items;
  const directions = Array.from({ length: items }, (_, item) => [Math.cos(angle(item)), Math.sin(angle(item))]);
  const table = await textTable(float32(directions.flat(), [items, 2]), 1000, 4);
  for (const item of [0, 1, 1500, 2790, 2800, 2998, 2999]) {
    const near = [-2, -1, 1, 2].map((step) => (item + step + items) % items).sort((a, b) => a - b);
    expect(Array.from(rowOf(table, item).columns), `item ${item}`).toEqual(near);
  }
});
