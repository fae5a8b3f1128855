import type { Windows } from '@lea/data';

/** Anything that scores every item of the catalog for a history: a policy, a baseline, a language model. */
export interface Scorer {
  /** Name for tables and errors. */
  readonly name: string;
  /** Number of items that it scores. */
  readonly items: number;
  /** [items] raw ids by index, if known; {@link evaluate} compares them with those of the data. */
  readonly itemIds?: readonly string[];
  /** Number of last items of a history that it reads. */
  readonly window: number;
  /**
   * Scores all items for each history: `[histories.size, items]`, flat, higher is better. `-Infinity` is allowed, NaN is not.
   */
  score(histories: Windows): Scores | Promise<Scores>;
}

/** Scores `[histories, items]`, flat. */
export type Scores = Float32Array | Float64Array;
