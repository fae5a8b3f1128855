import {
  flag,
  type Given,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  positive,
  reference,
  seed,
  whole,
  wholeOrInfinity,
} from '@lea/core';
import type { Value } from '@lea/tensor';

/** Options of `countingMemory`. */
export interface MemoryOptions {
  /** Number of newest items of the history that are used. More: older interests count, slightly slower. Default: 10. */
  readonly window: number;
  /** Maximum distance in events at which an item counts as following. More: denser counts, less order. Default: 10. */
  readonly horizon: number;
  /** Pseudo-count by which popularity is added to the counts of an item. More: rare items are trusted less. Default: 1. */
  readonly smoothing: number;
  /**
   * Number of most frequent successors to keep per item (the sum over all successors stays exact). More: slightly better on
   * dense logs, but larger and slower. `Infinity` keeps all. Default: 100.
   */
  readonly neighbors: number;
  /**
   * Whether the items of the history are candidates themselves, for users who repeat items. If no user does, the fitted weights
   * are nearly 0. Default: true.
   */
  readonly repeats: boolean;
  /**
   * Text vectors of the items, float32 [N, D], for text similarity, which also finds items without events. Default:
   * none.
   */
  readonly text: Value | undefined;
  /**
   * Exponent of the cosine of texts; use 4 for tf-idf, 6 for sentence encoders. Higher: only the nearest texts count.
   * Default: 4.
   */
  readonly textPower: number;
  /** Number of nearest texts to keep per item; `Infinity` keeps all. Default: 100. */
  readonly textNeighbors: number;
  /** Number of rows, of random users, to fit the gate to. More: more stable weights, a slower fit. Default: 50000. */
  readonly gateRows: number;
  /** Number of steps to fit the gate; the likelihood has converged after about 300. Default: 300. */
  readonly gateSteps: number;
  /** Seed of the random choice of users. Default: 0. */
  readonly seed: number;
}

/** Maximum window: the program grows with every place. */
const LONGEST = 4096;

/** Defaults and checks of `MemoryOptions`. */
export const memorySchema: OptionsSchema<MemoryOptions> = {
  window: option(whole(1, LONGEST), 10),
  horizon: option(whole(1, Number.MAX_SAFE_INTEGER), 10),
  smoothing: option(positive, 1),
  neighbors: option(wholeOrInfinity(1), 100),
  repeats: option(flag, true),
  text: option(reference<Value>(), undefined),
  textPower: option(positive, 4),
  textNeighbors: option(wholeOrInfinity(1), 100),
  gateRows: option(whole(1, Number.MAX_SAFE_INTEGER), 50_000),
  gateSteps: option(whole(0, Number.MAX_SAFE_INTEGER), 300),
  seed: option(seed, 0),
};

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TEXT_SHAPE` */
export function checkedOptions(given: Given<MemoryOptions>, items: number): MemoryOptions {
  const options = parseOptions('countingMemory', memorySchema, given);
  const { text } = options;
  if (text && (text.shape.length !== 2 || text.shape[0] !== items)) {
    throw new LeaError('E_TEXT_SHAPE', 'countingMemory: expected one text vector per item.', {
      value: text.shape,
      hint: `Expected shape [${items}, any], in the order of the catalog.`,
    });
  }
  return options;
}
