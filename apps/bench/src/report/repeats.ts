import { itemsBefore, type Transitions } from '@lea/data';
import type { Context } from '../experiment/context.ts';

/**
 * What a table says below itself where the protocol leaves out what users have seen, but test users choose it again: such an
 * event is ranked among the other items, as if it could be chosen. Otherwise nothing.
 */
export function repeatNotes({ experiment, split: { test } }: Pick<Context, 'experiment' | 'split'>): string[] {
  if (experiment.exclude !== 'seen') return [];
  const count = repeatsIn(test);
  if (count === 0) return [];
  const of = `${count.toLocaleString('en')} of ${test.count.toLocaleString('en')}`;
  return [
    `Test events that repeat an item of their history: ${of}. With exclude "seen" each is ranked among the unseen items only, ` +
      'and lists leave out the items of the history.',
  ];
}

/** The number of events whose item the user has had before. */
function repeatsIn(set: Transitions): number {
  const { sequences, event, count } = set;
  let repeats = 0;
  for (let row = 0; row < count; row++) {
    if (itemsBefore(set, row).includes(sequences.items[event[row]!]!)) repeats++;
  }
  return repeats;
}
