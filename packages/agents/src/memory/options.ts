import { checkChoices, checkRanges, checkSeed, LeaError, withDefaults } from '@lea/core';
import type { Value } from '@lea/tensor';

/** What a memory counts, and how it mixes. */
export interface MemoryOptions {
  /** Items of the history that are read, the newest ones. Default 10. More: older interests count, a little dearer. */
  readonly window: number;
  /** How many events later an item still counts as following. Default 10. More: denser and less ordered. */
  readonly horizon: number;
  /**
   * How strongly counts lean on popularity, in counts. Default 1. More: rare items are trusted less.
   */
  readonly smoothing: number;
  /**
   * Successors kept per item, the most frequent ones; the sum over all of them is kept exactly. Default 100. More: a little
   * better on dense logs, larger and slower to serve. `Infinity` keeps all of them.
   */
  readonly neighbors: number;
  /**
   * Whether the item of each place itself is a component, for people who come back to items. Default true; where nobody does,
   * its weights are fitted to nearly nothing.
   */
  readonly repeats: boolean;
  /** Text vectors of the items, float32 [N, D], for the likeness of texts. Default none. It reaches items that nobody chose yet. */
  readonly text: Value | undefined;
  /** Power of the cosine of texts. Default 4, for tf-idf; 6 for sentence encoders. Higher: only the nearest texts count. */
  readonly textPower: number;
  /** Nearest texts kept per item. Default 100; more and `Infinity` as for `neighbors`. */
  readonly textNeighbors: number;
  /** Rows that the gate is fitted on, of users drawn at random. Default 50000. More: steadier weights, a slower fit. */
  readonly gateRows: number;
  /** Steps of the gate's fit. Default 300, where the likelihood no longer moves. */
  readonly gateSteps: number;
  /** Seed of the draw of users. Default 0. */
  readonly seed: number;
}

/** What options of a memory are when they are left out. */
export const memoryDefaults: MemoryOptions = {
  window: 10,
  horizon: 10,
  smoothing: 1,
  neighbors: 100,
  repeats: true,
  text: undefined,
  textPower: 4,
  textNeighbors: 100,
  gateRows: 50_000,
  gateSteps: 300,
  seed: 0,
};

/** Longest window: every place of it is a part of the program. */
const LONGEST = 4096;

/** @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TEXT_SHAPE` */
export function checkedOptions(given: Partial<MemoryOptions>, items: number): MemoryOptions {
  const options = withDefaults('countingMemory', memoryDefaults, given);
  const counted = [1, Number.MAX_SAFE_INTEGER, 'whole'] as const;
  const kept = [1, Infinity, 'whole or Infinity'] as const;
  checkRanges('countingMemory', options, {
    window: [1, LONGEST, 'whole'],
    horizon: counted,
    smoothing: [Number.MIN_VALUE, Number.MAX_VALUE],
    neighbors: kept,
    textPower: [Number.MIN_VALUE, Number.MAX_VALUE],
    textNeighbors: kept,
    gateRows: counted,
    gateSteps: [0, Number.MAX_SAFE_INTEGER, 'whole'],
  });
  checkSeed('countingMemory', options.seed);
  checkChoices('countingMemory', options, { repeats: [true, false] });
  const { text } = options;
  if (text && (text.shape.length !== 2 || text.shape[0] !== items)) {
    throw new LeaError('E_TEXT_SHAPE', 'countingMemory: there must be one text vector per item.', {
      value: text.shape,
      hint: `Expected [${items}, any], in the order of the catalogue.`,
    });
  }
  return options;
}
