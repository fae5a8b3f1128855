import { products, type UnitVectors } from './vectors.ts';

/** The memory that rows may take before they are forgotten and made anew. */
const CACHE_BYTES = 256 * 2 ** 20;

/**
 * For an item, max(cosine to it, 0)^power of every other one, 0 for itself. Rows are kept, as histories overlap.
 *
 * @param normalised divides a row by its sum
 */
export function nearnessRows(unit: UnitVectors, power: number, normalised: boolean): (item: number) => Float32Array {
  const { data, items, size } = unit;
  const capacity = Math.max(1, Math.floor(CACHE_BYTES / (4 * items)));
  const rows = new Map<number, Float32Array>();
  const row = new Float64Array(items);
  return (item) => {
    const known = rows.get(item);
    if (known !== undefined) return known;
    products(unit, Float64Array.from(data.subarray(item * size, (item + 1) * size)), row, 0);
    row[item] = 0;
    let sum = 0;
    for (let i = 0; i < items; i++) sum += row[i] = Math.max(row[i]!, 0) ** power;
    const scale = normalised && sum > 0 ? 1 / sum : 1;
    const made = Float32Array.from(row, (value) => value * scale);
    if (rows.size >= capacity) rows.clear();
    rows.set(item, made);
    return made;
  };
}
