import { fold, type Key, randomBits } from '@lea/core';

/** Writes the candidates of one step into `out`: a pure function of the key and the step. */
export type Candidates = (step: number, out: Int32Array) => void;

/** Draws items with replacement, in proportion to their weights, by inverting the cumulative distribution. */
export function createItemSampler(key: Key, weights: Float64Array): Candidates {
  const cumulative = new Float64Array(weights.length);
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    total += weights[i]!;
    cumulative[i] = total;
  }
  return (step, out) => {
    const { words } = fold(key, step);
    for (let i = 0; i < out.length; i++) {
      out[i] = firstAbove(cumulative, ((randomBits(words, i) >>> 0) / 2 ** 32) * total);
    }
  };
}

/** The index of the first element greater than `value`. */
function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
