import { checkChoices, LeaError, withDefaults } from '@lea/core';
import { type ItemIndex, indicesOf, refuseUnknown } from '../item-index.ts';
import type { Query } from '../recommend.ts';
import type { ObservedEvent } from './observe.ts';

/** A new event by raw ids: `item` was chosen after `history`. Other keys, such as `kind`, are ignored. */
export interface ObservedItem extends Query {
  /** Raw id of the chosen item. */
  readonly item: string;
}

/** Options of `Policy.observe`. */
export interface ObserveOptions {
  /**
   * For ids that the policy does not know: `ignore` leaves them out (an event whose chosen item is unknown as a whole) and counts
   * them in `Policy.ignored`, `throw` throws. Default: `ignore`.
   */
  unknown?: 'ignore' | 'throw' | undefined;
}

const EVENTS =
  "Pass events such as [{ history: ['a', 'b'], item: 'c' }], with ids as in the log. For item indices use observeIndices.";

/**
 * Converts the ids of events to indices.
 *
 * @returns the events whose item is known, and the number of unknown ids
 * @throws LeaError `E_HISTORY`, `E_ID_UNKNOWN`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function observedIds(
  index: ItemIndex,
  events: readonly ObservedItem[],
  options?: ObserveOptions,
): { known: ObservedEvent[]; ignored: number } {
  const { unknown } = withDefaults<Required<ObserveOptions>>('observe', { unknown: 'ignore' }, options);
  checkChoices('observe', { unknown }, { unknown: ['ignore', 'throw'] });
  if (!Array.isArray(events)) {
    throw new LeaError('E_HISTORY', 'observe: events must be an array.', { value: events, hint: EVENTS });
  }
  const known: ObservedEvent[] = [];
  let ignored = 0;
  for (const [row, event] of (events as readonly ObservedItem[]).entries()) {
    const before = indicesOf(index, event?.history, `the history of event ${row}`, EVENTS);
    if (typeof event.item !== 'string') {
      throw new LeaError('E_HISTORY', `observe: the item of event ${row} must be an id.`, {
        value: event.item,
        hint: EVENTS,
      });
    }
    const chosen = indicesOf(index, [event.item], `the item of event ${row}`, EVENTS);
    if (unknown === 'throw') {
      refuseUnknown(before, `The history of event ${row} contains`);
      refuseUnknown(chosen, `Event ${row} chose`);
    }
    ignored += before.unknown.length + chosen.unknown.length;
    if (chosen.known.length > 0) known.push({ history: before.known, item: chosen.known[0]! });
  }
  return { known, ignored };
}
