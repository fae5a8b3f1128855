import type { Windows } from '@lea/data';

/** Anything that gives every item of the catalogue a score for a history: a policy, a baseline, a language model. */
export interface Scorer {
  /** Shown in tables and errors. */
  readonly name: string;
  /** Size of the catalogue it scores. */
  readonly items: number;
  /** The ids of these items by index, where the scorer knows them: {@link evaluate} compares them with the data's. */
  readonly itemIds?: readonly string[];
  /** How many last items of a history it reads. */
  readonly window: number;
  /**
   * Scores of all items for each history, row after row: `[histories.size * items]`, higher is better.
   * `-Infinity` is allowed, NaN is not.
   */
  score(histories: Windows): Scores | Promise<Scores>;
}

/** Scores of all items, row after row. */
export type Scores = Float32Array | Float64Array;
