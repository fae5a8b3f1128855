import { LeaError } from '@lea/core';
import { decimal } from './decimal.ts';
import { trimmed } from './trimmed.ts';

/** A date and a time of day as ISO 8601 writes them, with `T` or a blank between; without a zone they are UTC. */
const iso =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?(?:(Z|UTC)|([+-])(\d\d)(?::?(\d\d))?))?)?$/i;

const DAY = 86_400_000;

/** How a cell says when: a column has one form. */
export type Form = 'a number' | 'an ISO date with a time zone' | 'an ISO date without a time zone';

interface Time {
  readonly form: Form;
  readonly time: number;
}

/**
 * Times as numbers. Numbers stay as they are. ISO dates become milliseconds since 1970, as a `Date` does; without a time zone
 * they are UTC, and microseconds are kept. The first cell decides the form of the column.
 *
 * @param where names a row (and the column) in errors
 * @throws LeaError `E_TIME_BAD`, `E_TIME_MIXED`
 */
export function timesOf(cells: ArrayLike<unknown>, where: (row: number) => string): Float64Array {
  let first: FirstTime | undefined;
  return Float64Array.from(cells, (cell, row) => {
    first ??= { form: checkedTime(cell, row, where).form, row };
    return checkedTime(cell, row, where, first).time;
  });
}

/** The form of a column, and the row that decided it. */
export interface FirstTime {
  readonly form: Form;
  readonly row: number;
}

/**
 * The time of one cell, in the form of its column.
 *
 * @throws LeaError `E_TIME_BAD`, `E_TIME_MIXED`
 */
export function checkedTime(cell: unknown, row: number, where: (row: number) => string, first?: FirstTime): Time {
  const read = timeOf(cell);
  if (!read) {
    throw new LeaError('E_TIME_BAD', `${where(row)}: expected a finite number or an ISO date.`, {
      value: cell,
      hint: 'Give "2024-05-01T12:00:00Z", seconds or milliseconds, or use the order of the rows: leave the column out, in readers by columns: { time: null }.',
    });
  }
  if (!first || read.form === first.form) return read;
  throw new LeaError('E_TIME_MIXED', `${where(row)}: expected ${first.form}, as in ${where(first.row)}.`, {
    value: cell,
    hint: 'Write all times of the column in one form.',
  });
}

/** The time that a cell tells; undefined if it is neither a finite number nor an ISO date. */
export function timeOf(cell: unknown): Time | undefined {
  if (typeof cell !== 'string') return numberOf(isNumeric(cell) ? Number(cell) : Number.NaN);
  const text = trimmed(cell);
  return decimal.test(text) ? numberOf(Number(text)) : dateOf(text);
}

function isNumeric(cell: unknown): boolean {
  return typeof cell === 'number' || typeof cell === 'bigint' || cell instanceof Date;
}

function numberOf(time: number): Time | undefined {
  return Number.isFinite(time) ? { form: 'a number', time } : undefined;
}

/** Undefined for a text that is no date of the calendar, such as February 30, or no time of day. */
function dateOf(text: string): Time | undefined {
  const [, date, hour = '0', minute = '0', second = '0', fraction = '0', zulu, sign, hours = '0', minutes = '0'] =
    iso.exec(text) ?? [];
  if (date === undefined) return undefined;
  const day = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return undefined;
  if (+hour > 23 || +minute > 59 || +second > 60 || +hours > 23 || +minutes > 59) return undefined;
  const offset = (sign === '-' ? -1 : 1) * (+hours * 60 + +minutes);
  const whole = day + ((+hour * 60 + +minute - offset) * 60 + +second) * 1000;
  // A leap second ends a day of UTC; as in POSIX it counts as the first second of the next day.
  if (+second === 60 && whole % DAY !== 0) return undefined;
  const zoned = zulu !== undefined || sign !== undefined;
  return {
    form: zoned ? 'an ISO date with a time zone' : 'an ISO date without a time zone',
    time: whole + Number(`.${fraction}`) * 1000,
  };
}

/** Possible faults of the times of a log, as notes for the user. */
export function timeNotes(times: Float64Array): string[] {
  let [large, short, long]: (number | undefined)[] = [];
  for (let event = 0; event < times.length; event++) {
    const time = times[event]!;
    if (Math.abs(time) > Number.MAX_SAFE_INTEGER) large ??= time;
    else if (time >= 1e8 && time < 1e10) short ??= time;
    else if (time >= 1e11 && time < 1e13) long ??= time;
  }
  return [
    ...(large === undefined
      ? []
      : [`Times above 2^53 are rounded, such as ${large}: events whose times become equal keep their input order.`]),
    ...(short === undefined || long === undefined
      ? []
      : [
          `Times seem to be in seconds (${short}) and in milliseconds (${long}): the order of these events is wrong then.`,
        ]),
  ];
}
