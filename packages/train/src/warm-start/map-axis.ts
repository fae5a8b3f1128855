import type { Value } from '@lea/tensor';

/**
 * Maps one dimension of a parameter from the items of an old catalog to those of a new one. Rows after the items (padding) stay
 * last.
 *
 * @param sources for each new item its index in the old catalog; -1 for the mean of all items that are kept
 * @param items number of items in the old catalog
 */
export function mapAxis({ shape, data }: Value, axis: number, sources: Int32Array, items: number): Value {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const from = shape[axis]!;
  const beyond = Array.from({ length: from - items }, (_, i) => items + i);
  const all = [...sources, ...beyond];
  const known = sources.filter((source) => source >= 0);
  const blocks = data.length / (from * inner);
  const out = new Float32Array(blocks * all.length * inner);
  for (let block = 0; block < blocks; block++) {
    const row = (source: number) => data.subarray((block * from + source) * inner, (block * from + source + 1) * inner);
    const mean = meanOf(Array.from(known, row), inner);
    for (const [to, source] of all.entries()) {
      out.set(source < 0 ? mean : row(source), (block * all.length + to) * inner);
    }
  }
  return { dtype: 'float32', shape: shape.map((size, at) => (at === axis ? all.length : size)), data: out };
}

/** The mean of rows, element by element. */
export function meanOf(rows: readonly ArrayLike<number>[], width: number): Float64Array {
  const mean = new Float64Array(width);
  for (const row of rows) for (let i = 0; i < width; i++) mean[i]! += row[i]!;
  return mean.map((sum) => sum / rows.length);
}
