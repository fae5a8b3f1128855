import type { Catalogue } from './catalog-identity.ts';
import type { Windows } from './windows.ts';

/**
 * Anything that gives every item of the catalogue a score for a history: policies and memories of `@lea/agents`,
 * environments of `@lea/env`, baselines of `@lea/eval`, or what you write. `{ ...scorer, name }` is the same by another name.
 */
export interface Scorer {
  /** Shown in tables and errors. */
  readonly name: string;
  /** Size of the catalogue it scores. */
  readonly items: number;
  /** The ids of these items by index, where the scorer knows them: data of other items are refused. */
  readonly itemIds?: readonly string[] | undefined;
  /** Count and hash of these ids, where the scorer knows only that. */
  readonly catalogue?: Catalogue | undefined;
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
