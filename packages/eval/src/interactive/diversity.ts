import { rowsOf, type UnitVectors } from '../vectors.ts';

/**
 * Mean of 1 - similarity over all pairs of the offered items; 1 for fewer than two items, as in EasyRL4Rec (`get_diversity`).
 *
 * @param vectors the similarity is the cosine of these; without them it is 1 for equal items and 0 for others
 */
export function diversityOf(items: readonly number[], vectors: UnitVectors | undefined): number {
  const n = items.length;
  if (n < 2) return 1;
  // The sum of the similarities of all pairs, from the squared length of the sum of the vectors.
  let [squares, own] = [0, n];
  if (vectors) {
    const rows = rowsOf(vectors, items);
    const sum = new Float64Array(vectors.size);
    own = 0;
    for (let i = 0; i < rows.length; i++) {
      sum[i % vectors.size]! += rows[i]!;
      own += rows[i]! ** 2;
    }
    squares = sum.reduce((total, value) => total + value ** 2, 0);
  } else {
    const counts = new Map<number, number>();
    for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
    for (const count of counts.values()) squares += count ** 2;
  }
  return 1 - (squares - own) / (n * (n - 1));
}
