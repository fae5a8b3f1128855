import { type Transitions, transitions } from '@lea/data';
import type { Recommendations } from '../lists/recommend.ts';
import { reference } from './reference.ts';
import { transitionsOf } from './transitions.ts';

const { items, train, test, lists } = reference.given;
const all = transitionsOf(train.map((own, user) => [...own, ...test[user]!]), items); // biome-ignore format: one line
const isTrain = (event: number, user: number): boolean => event < all.sequences.offsets[user]! + train[user]!.length;

/** The train rows of the reference. */
export const trainRows: Transitions = transitions(all.sequences, isTrain);

const set = transitions(all.sequences, (event, user) => !isTrain(event, user));

/** The lists of the reference, as `recommend` gives them. */
export function referenceLists(per: 'user' | 'event'): Recommendations {
  const k = 10;
  const given = lists[per];
  const first = (row: number): boolean => row === 0 || set.sequence[row] !== set.sequence[row - 1];
  const row = Int32Array.from(set.event, (_, r) => r).filter((r) => per === 'event' || first(r));
  return {
    name: per,
    k,
    per,
    exclude: 'none',
    items: Int32Array.from(given.flatMap((own) => Array.from({ length: k }, (_, i) => own[i] ?? -1))),
    user: Int32Array.from(row, (r) => set.sequence[r]!),
    row,
    relevant: Array.from(row, (r) => {
      const user = set.sequence[r]!;
      return per === 'user' ? Int32Array.from(new Set(test[user])) : Int32Array.of(set.sequences.items[set.event[r]!]!);
    }),
    set,
  };
}
