import { LeaError } from '@lea/core';
import type { Interactions } from '../interactions.ts';
import { type Sequences, sequences, type Transitions, transitions } from '../sequences.ts';

/** Three sets of decisions over the same sequences. */
export interface Split {
  train: Transitions;
  validation: Transitions;
  test: Transitions;
  /** How it was made: `kind`, the options, counts. Plain JSON. */
  info: SplitInfo;
}

export interface SplitInfo {
  kind: string;
  [name: string]: unknown;
}

export type SetName = 'train' | 'validation' | 'test';
export const setNames: readonly SetName[] = ['train', 'validation', 'test'];

/**
 * A split of one's own: `setOf` says where each event goes, `undefined` for nowhere.
 *
 * @throws LeaError `E_SPLIT_EMPTY` when no event is left to train on
 */
export function splitBy(
  data: Interactions,
  setOf: (event: number, user: number, all: Sequences) => SetName | undefined,
  info: SplitInfo,
): Split {
  const all = sequences(data);
  const part = (name: SetName) => transitions(all, (event, user) => setOf(event, user, all) === name);
  const split = { train: part('train'), validation: part('validation'), test: part('test') };
  if (split.train.count === 0) {
    throw new LeaError('E_SPLIT_EMPTY', 'The split leaves no event to train on.', {
      value: info,
      hint: 'Give a larger share to training, or more data.',
    });
  }
  const events = { train: split.train.count, validation: split.validation.count, test: split.test.count };
  return { ...split, info: { ...info, events } };
}
