import { checkFunctions, checkObjects, LeaError } from '@lea/core';
import { checkInteractions } from '../arguments.ts';
import type { Interactions } from '../interactions.ts';
import { partition, type Sequences, sequences, type Transitions } from '../sequences.ts';

/** Three sets of decisions over the same sequences. */
export interface Split {
  /** Decisions to train on. */
  train: Transitions;
  /** Decisions for choosing options and for early stopping. */
  validation: Transitions;
  /** Decisions for the final evaluation. */
  test: Transitions;
  /** How the split was made. */
  info: SplitInfo;
}

/** How a split was made: its kind, options and counts. Plain JSON. */
export interface SplitInfo {
  /** Kind of the split, such as `leave-one-out`, `time` or `user`. */
  kind: string;
  [name: string]: unknown;
}

/** Name of a set of a split. */
export type SetName = 'train' | 'validation' | 'test';
export const setNames: readonly SetName[] = ['train', 'validation', 'test'];

/**
 * A custom split: `setOf` returns the set of each event, or `undefined` to leave it out.
 *
 * @throws LeaError `E_ARGUMENT_TYPE` when `setOf` returns something else, `E_SPLIT_EMPTY` when no event is left to train on
 */
export function splitBy(
  data: Interactions,
  setOf: (event: number, user: number, all: Sequences) => SetName | undefined,
  info: SplitInfo,
): Split {
  checkInteractions('splitBy', { data });
  checkFunctions('splitBy', { setOf });
  checkObjects('splitBy', { info });
  const all = sequences(data);
  const sets = partition(all, setNames.length, (event, user) => {
    const name = setOf(event, user, all);
    const set = setNames.indexOf(name!);
    if (set < 0 && name !== undefined) throw unknownSet(name);
    return set;
  });
  const [train, validation, test] = sets as [Transitions, Transitions, Transitions];
  if (train.count === 0) {
    throw emptySet('to train on', info, 'Increase the share of training, or use more data.');
  }
  const events = { train: train.count, validation: validation.count, test: test.count };
  return { train, validation, test, info: { ...info, events } };
}

/** @param use of the set that is empty, such as `to train on` or `for test` */
export function emptySet(use: string, value: unknown, hint: string): LeaError {
  return new LeaError('E_SPLIT_EMPTY', `The split leaves no events ${use}.`, {
    ...(value !== undefined && { value }),
    hint,
  });
}

function unknownSet(name: unknown): LeaError {
  return new LeaError('E_ARGUMENT_TYPE', 'splitBy: setOf must return the set of an event.', {
    value: name,
    hint: 'Return "train", "validation" or "test", or undefined to leave the event out.',
  });
}
