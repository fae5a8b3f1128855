import { checkObjects, LeaError } from '@lea/core';
import { checkInteractions } from '../arguments.ts';
import type { Interactions } from '../interactions.ts';
import { type Split, splitBy } from './split.ts';

/**
 * Leave-one-out split: the last event of each user is for test, the one before for validation, all others for training. Users
 * with fewer than three events are only in train; `info.short` counts them. Histories include events of the earlier sets.
 */
export function leaveOneOut(data: Interactions): Split {
  checkInteractions('leaveOneOut', { data });
  const lengths = new Int32Array(data.userIds.length);
  for (const user of data.user) lengths[user]!++;
  const short = lengths.filter((length) => length < 3).length;
  return splitBy(
    data,
    (event, user, { offsets }) => {
      const left = offsets[user + 1]! - event;
      if (left > 2 || lengths[user]! < 3) return 'train';
      return left === 1 ? 'test' : 'validation';
    },
    { kind: 'leave-one-out', short },
  );
}

/**
 * Splits by time: events from `testFrom` on are for test, events from `validationFrom` until then for validation, earlier
 * events for training. Histories include events of the earlier sets. Times are in the unit of the data.
 *
 * @throws LeaError `E_SPLIT_TIMES`, `E_SPLIT_EMPTY`
 */
export function splitByTime(data: Interactions, at: { validationFrom: number; testFrom: number }): Split {
  checkInteractions('splitByTime', { data });
  checkObjects('splitByTime', { at });
  const { validationFrom, testFrom } = at;
  if (!(Number.isFinite(validationFrom) && Number.isFinite(testFrom) && validationFrom <= testFrom)) {
    throw new LeaError('E_SPLIT_TIMES', 'Validation must not begin after test.', {
      value: at,
      hint: 'Give validationFrom <= testFrom, as numbers in the unit of the data.',
    });
  }
  return splitBy(
    data,
    (event, _, { time }) =>
      time[event]! >= testFrom ? 'test' : time[event]! >= validationFrom ? 'validation' : 'train',
    { kind: 'time', validationFrom, testFrom },
  );
}
