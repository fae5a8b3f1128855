import { fold, type Key, randomBits, weightedDraw } from '@lea/core';

/** Writes the candidates of one step into `out`: a pure function of the key and the step. */
export type Candidates = (step: number, out: Int32Array) => void;

/** Draws items with replacement, in proportion to their weights. */
export function createItemSampler(key: Key, weights: Float64Array): Candidates {
  const draw = weightedDraw(weights);
  return (step, out) => {
    const { words } = fold(key, step);
    for (let i = 0; i < out.length; i++) out[i] = draw((randomBits(words, i) >>> 0) / 2 ** 32);
  };
}
