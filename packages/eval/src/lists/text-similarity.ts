import type { TextVectors } from '../vectors.ts';

/**
 * The mean cosine of all pairs of a list's texts, for every length of the list: of n unit vectors it is
 * (|sum of the vectors|^2 - n) / (n (n - 1)). A text without words has a zero vector: its cosines are 0.
 *
 * @returns for a list of items, [list.length] the mean of the first 1, 2, ... items; NaN of one
 */
export function listSimilarity({ data, shape }: TextVectors): (list: ArrayLike<number>) => Float64Array {
  const [items, size] = shape as [number, number];
  const norms = Float64Array.from({ length: items }, (_, item) => {
    let squares = 0;
    for (let i = item * size; i < (item + 1) * size; i++) squares += data[i]! ** 2;
    return Math.sqrt(squares);
  });
  const total = new Float64Array(size);
  return (list) => {
    total.fill(0);
    const means = new Float64Array(list.length);
    let pairs = 0;
    for (let n = 0; n < list.length; n++) {
      const item = list[n]!;
      const scale = norms[item] === 0 ? 0 : 1 / norms[item]!;
      // The cosines with all items before it.
      for (let i = 0; i < size; i++) pairs += total[i]! * data[item * size + i]! * scale;
      for (let i = 0; i < size; i++) total[i]! += data[item * size + i]! * scale;
      means[n] = (2 * pairs) / ((n + 1) * n);
    }
    return means;
  };
}
