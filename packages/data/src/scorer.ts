import type { CatalogIdentity } from './catalog-identity.ts';
import type { Windows } from './windows.ts';

/**
 * Anything that scores every item of the catalog for a history: policies and memories of `@lea/agents`, environments of
 * `@lea/env`, baselines of `@lea/eval`, or your own. `{ ...scorer, name }` is the same scorer with another name.
 */
export interface Scorer {
  /** Name for tables and errors. */
  readonly name: string;
  /** Number of items that it scores. */
  readonly items: number;
  /** [items] raw ids by index, if known: data with other items are refused. */
  readonly itemIds?: readonly string[] | undefined;
  /** Count and hash of the ids, if only these are known. */
  readonly catalogIdentity?: CatalogIdentity | undefined;
  /** Number of last items of a history that it reads. */
  readonly window: number;
  /**
   * Scores all items for each history: `[histories.size, items]`, flat, higher is better. `-Infinity` is allowed, NaN is not.
   */
  score(histories: Windows): Scores | Promise<Scores>;
}

/** Scores `[histories, items]`, flat. */
export type Scores = Float32Array | Float64Array;
