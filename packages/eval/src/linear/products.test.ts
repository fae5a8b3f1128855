import { key, uniform } from '@lea/core';
import { expect, it } from 'vitest';
import { productsWith } from './products.ts';

const numbers = (seed: number, count: number) => Float32Array.from(uniform(key(seed), count), (u) => 2 * u - 1);

it.each([
  [1, 1, 1],
  [7, 3, 5],
  [16, 8, 32],
  [43, 21, 70],
])('%i vectors of size %i: %i queries at once', (items, size, count) => {
  const [data, queries] = [numbers(1, items * size), numbers(2, count * size)];
  const products = productsWith({ data, items, size });
  for (const asked of [queries, queries.subarray(0, size), queries]) {
    const rows: number[] = [];
    products(asked, (row, query) => {
      expect(row).toHaveLength(items);
      for (let item = 0; item < items; item++) {
        let sum = 0;
        for (let d = 0; d < size; d++) sum += data[item * size + d]! * asked[query * size + d]!;
        expect(row[item]).toBeCloseTo(sum, 5);
      }
      rows.push(query);
      row.fill(99);
    });
    expect(rows).toEqual(Array.from({ length: asked.length / size }, (_, i) => i));
  }
});

it('equal vectors have equal products, wherever they stand', () => {
  const size = 31;
  const data = Float32Array.from({ length: 13 * size }, (_, i) => Math.sin(i % size));
  productsWith({ data, items: 13, size })(numbers(3, 5 * size), (row) => expect(new Set(row).size).toBe(1));
});

it('refuses vectors that no memory of WebAssembly holds', () => {
  const make = () => productsWith({ data: new Float32Array(0), items: 2 ** 22, size: 512 });
  expect(make).toThrow(expect.objectContaining({ code: 'E_VECTORS_SHAPE', value: [2 ** 22, 512] }));
});
