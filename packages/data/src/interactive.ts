import type { Scores } from './scorer.ts';

/**
 * Users who react to what a recommender offers them, one item at a time: those of a synthetic world (`world.users`), of a fitted
 * environment (`interactiveUsers` of `@lea/env`), or your own.
 */
export interface InteractiveUsers<V extends Visits = Visits> {
  /** Name for tables. */
  readonly name: string;
  /** Number of items that can be offered. */
  readonly items: number;
  /** [items] raw ids by index, if known: scorers of other items are refused. */
  readonly itemIds?: readonly string[] | undefined;
  /** Begins `size` visits; visit i is that of user `first + i`. Equal users and offers give equal visits. */
  visit(first: number, size: number): V | Promise<V>;
}

/** Visits that go on side by side. */
export interface Visits {
  /** [size] items that each user has accepted, oldest first; of long histories at least the newest items */
  readonly histories: readonly (readonly number[])[];
  /**
   * Offers one item to each of some users. Users who would have left still react, because the caller may keep them. A visit that
   * is left out once is over.
   *
   * @param rows different visits, ascending
   * @param items [rows] the offered items
   */
  offer(rows: readonly number[], items: ArrayLike<number>): Reactions | Promise<Reactions>;
}

/** How users react to an offer. */
export interface Reactions {
  /** [rows] reward of the offer */
  readonly reward: Float64Array;
  /** [rows] whether the user accepted the item, which is then part of the history */
  readonly accepted: readonly boolean[];
  /** [rows] whether the user leaves after this offer by the users' own rule */
  readonly left: readonly boolean[];
}

/** A policy that sees more of the users than their histories. Every `Scorer` is a policy too; it sees histories only. */
export interface InteractivePolicy<V extends Visits = Visits> {
  /** Name for tables. */
  readonly name: string;
  /**
   * Rates all items for some visits, `[rows, items]`, flat; the allowed item with the highest value is offered.
   *
   * @param leaving whether users may leave by their own rule
   */
  readonly plan: (visits: V, rows: readonly number[], leaving: boolean) => Scores | Promise<Scores>;
}
