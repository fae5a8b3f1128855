import { type Key, randomBits } from '@lea/core';

/** A stream of random draws from a key. */
export interface Stream {
  /** Uniform in [0, 1). */
  next(): number;
  /** A uniform integer in 0..high-1. */
  below(high: number): number;
  /** Exponential with mean 1. */
  exponential(): number;
  /** An index drawn in proportion to weights that add up to `total`. */
  weighted(weights: ArrayLike<number>, total: number): number;
}

export function randomStream({ words }: Key): Stream {
  let counter = 0;
  const next = () => (randomBits(words, counter++) >>> 0) / 2 ** 32;
  return {
    next,
    below: (high) => Math.floor(next() * high),
    exponential: () => -Math.log(1 - next()),
    weighted(weights, total) {
      let left = next() * total;
      let last = 0;
      for (let i = 0; i < weights.length; i++) {
        if (weights[i]! <= 0) continue;
        left -= weights[i]!;
        last = i;
        if (left < 0) return i;
      }
      return last; // reached only through rounding errors
    },
  };
}
