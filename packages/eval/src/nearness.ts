import { cachedRows } from './row-cache.ts';
import { products, type UnitVectors } from './vectors.ts';

/**
 * For an item, max(cosine to it, 0)^power of every other one, 0 for itself.
 *
 * @param normalised divides a row by its sum
 */
export function nearnessRows(unit: UnitVectors, power: number, normalised: boolean): (item: number) => Float32Array {
  const { data, items, size } = unit;
  const row = new Float64Array(items);
  return cachedRows(items, (item) => {
    products(unit, Float64Array.from(data.subarray(item * size, (item + 1) * size)), row, 0);
    row[item] = 0;
    let sum = 0;
    for (let i = 0; i < items; i++) sum += row[i] = Math.max(row[i]!, 0) ** power;
    const scale = normalised && sum > 0 ? 1 / sum : 1;
    return Float32Array.from(row, (value) => value * scale);
  });
}
