import { contentHash } from '@lea/core';
import { checkInteractions } from './arguments.ts';

/** Events as columns, sorted by user, then time; events with equal times keep their input order. */
export interface Interactions {
  /** [users] raw user ids; numeric order if all are integers, otherwise string order. */
  userIds: string[];
  /** [items] raw item ids, in the same order as user ids, so a smaller id has a smaller index. */
  itemIds: string[];
  /** Names of the kinds of events, sorted. */
  kinds: string[];
  /** [events] index into `userIds` */
  user: Int32Array;
  /** [events] index into `itemIds` */
  item: Int32Array;
  /** [events] in the unit of the source, milliseconds since 1970 for dates, or the input order if the source has no times */
  time: Float64Array;
  /** [events] index into `kinds` */
  kind: Uint8Array;
  /** [events] logged rewards, such as prices or seconds of listening. Default: none; rewards then depend on kinds. */
  reward?: Float64Array;
  /** Warnings from reading the events. */
  info: InteractionsInfo;
}

/** Information about how the events were read. */
export interface InteractionsInfo {
  /** Warnings to show to the user, one sentence each: unread columns, ids that look alike. */
  notes: string[];
}

/** SHA-256 (hex) over ids, kinds and all events: equal data have equal hashes. */
export function dataHash(data: Interactions): string {
  checkInteractions('dataHash', { data });
  return contentHash(
    'interactions',
    data.userIds,
    data.itemIds,
    data.kinds,
    data.user,
    data.item,
    data.time,
    data.kind,
    ...(data.reward ? [data.reward] : []),
  );
}
