import { checkObjects, checkRanges, LeaError } from '@lea/core';
import { checkInteractions } from '../arguments.ts';
import type { Interactions } from '../interactions.ts';
import { timeOf } from '../times.ts';
import { emptySet, type Split, splitBy } from './split.ts';

/** A time in the unit of the data, or an ISO date or `Date`, which stand for milliseconds since 1970 as in a log of dates. */
export type TimePoint = number | string | Date;

/**
 * Leave-one-out split: the last event of each user is for test, the one before for validation, all others for training. Users
 * with fewer than three events are only in train; `info.short` counts them. Histories include events of the earlier sets.
 *
 * @throws LeaError `E_SPLIT_EMPTY` when all users have fewer than three events
 */
export function leaveOneOut(data: Interactions): Split {
  checkInteractions('leaveOneOut', { data });
  const lengths = new Int32Array(data.userIds.length);
  for (let event = 0; event < data.user.length; event++) lengths[data.user[event]!]!++;
  const short = lengths.filter((length) => length < 3).length;
  if (short === lengths.length) {
    const most = lengths.reduce((a, b) => Math.max(a, b), 0);
    const hint = 'Check the column of the user, or split by users or by time.';
    throw emptySet(`for validation and test: no user has 3 events, the most is ${most}`, undefined, hint);
  }
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
 * events for training. Histories include events of the earlier sets.
 *
 * @param at times in the unit of the data, or ISO dates such as `2024-05-01` (UTC if they have no time zone)
 * @throws LeaError `E_SPLIT_TIMES`, `E_SPLIT_EMPTY`
 */
export function splitByTime(data: Interactions, at: { validationFrom: TimePoint; testFrom: TimePoint }): Split {
  checkInteractions('splitByTime', { data });
  checkObjects('splitByTime', { at });
  const validationFrom = pointOf('validationFrom', at.validationFrom);
  const testFrom = pointOf('testFrom', at.testFrom);
  if (validationFrom > testFrom) {
    throw new LeaError('E_SPLIT_TIMES', 'Validation must not begin after test.', {
      value: at,
      hint: 'Give validationFrom <= testFrom, as times in the unit of the data; splitByTimeQuantiles takes shares of the events.',
    });
  }
  const [first, last] = rangeOf(data.time);
  const range = `The times are from ${first} to ${last}`;
  if (first >= validationFrom) {
    const hint = `${range}. splitByTimeQuantiles takes shares of the events instead.`;
    throw emptySet('to train on: none is before validationFrom', at.validationFrom, hint);
  }
  if (last < testFrom) {
    const [sets, name] = last < validationFrom ? ['validation and test', 'validationFrom'] : ['test', 'testFrom'];
    const named = [at.validationFrom, at.testFrom].some((point) => typeof point !== 'number');
    const unit = named ? ', and dates stand for milliseconds since 1970: give' : '. Give';
    const hint = `${range}${unit} times in the unit of the data.`;
    throw emptySet(`for ${sets}: none is at or after ${name}`, at[name as keyof typeof at], hint);
  }
  // The same time for both asks for no validation.
  if (validationFrom < testFrom && !data.time.some((time) => time >= validationFrom && time < testFrom)) {
    const hint = `${range}. Give times further apart, or the same time twice for a split without validation.`;
    throw emptySet('for validation: none is from validationFrom until testFrom', at, hint);
  }
  return splitBy(
    data,
    (event, _, { time }) =>
      time[event]! >= testFrom ? 'test' : time[event]! >= validationFrom ? 'validation' : 'train',
    { kind: 'time', validationFrom, testFrom },
  );
}

function rangeOf(times: Float64Array): [number, number] {
  return [times.reduce((a, b) => Math.min(a, b), Infinity), times.reduce((a, b) => Math.max(a, b), -Infinity)];
}

function pointOf(name: string, value: TimePoint): number {
  const read = typeof value === 'bigint' ? undefined : timeOf(value);
  // A text such as "5" is more likely a mistake than a date.
  if (read && !(typeof value === 'string' && read.form === 'a number')) return read.time;
  throw new LeaError('E_SPLIT_TIMES', `splitByTime: ${name} must be a finite number or an ISO date.`, {
    value,
    hint: 'Give a time in the unit of the data, or a date such as "2024-05-01" if the data has dates.',
  });
}

/**
 * Splits by quantiles of the events' times, as in the global temporal splits of recent replications: with the default, events
 * from the 90 % quantile on are for test, those from the 80 % quantile until then for validation. The quantile q of n sorted times
 * is the one at place floor(q n), counted from 0. Otherwise as `splitByTime`.
 *
 * @param at shares of the events before validation and before test, 0 < validationFrom <= testFrom < 1
 * @throws LeaError `E_OPTION_VALUE`, `E_SPLIT_TIMES`, `E_SPLIT_EMPTY`
 */
export function splitByTimeQuantiles(
  data: Interactions,
  at: { validationFrom: number; testFrom: number } = { validationFrom: 0.8, testFrom: 0.9 },
): Split {
  checkInteractions('splitByTimeQuantiles', { data });
  checkObjects('splitByTimeQuantiles', { at });
  const inside = [Number.MIN_VALUE, 1 - Number.EPSILON / 2] as const;
  checkRanges('splitByTimeQuantiles', at, { validationFrom: inside, testFrom: inside });
  if (at.validationFrom > at.testFrom) {
    throw new LeaError('E_SPLIT_TIMES', 'Validation must not begin after test.', {
      value: at,
      hint: 'Give validationFrom <= testFrom, as shares of the events.',
    });
  }
  const times = data.time.toSorted();
  // 0.57 * 100 is 56.99999999999999.
  const quantile = (share: number) => times[Math.floor(share * times.length * (1 + 4 * Number.EPSILON))]!;
  const validationFrom = quantile(at.validationFrom);
  const testFrom = quantile(at.testFrom);
  const none = validationFrom === times[0] ? 'to train on' : 'for validation';
  if (none === 'to train on' || (validationFrom === testFrom && at.validationFrom < at.testFrom)) {
    const hint = 'Events of one time are in one set. Give other shares, or split by users.';
    throw emptySet(`${none}: too many have the time ${validationFrom}`, at, hint);
  }
  const split = splitByTime(data, { validationFrom, testFrom });
  return { ...split, info: { ...split.info, quantiles: [at.validationFrom, at.testFrom] } };
}
