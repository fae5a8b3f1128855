import { LeaError } from '@lea/core';
import { expect, test } from 'vitest';
import { timeNotes, timesOf } from './times.ts';

const at = (row: number) => `log.csv line ${row + 2}, column time`;
const read = (...cells: unknown[]) => [...timesOf(cells, at)];

/** 2024-05-01T12:00:00Z: 19,844 days after 1970, and half a day. */
const noon = 19_844 * 86_400_000 + 43_200_000;

test.each([
  ['2024-05-01T12:00:00Z', noon],
  ['2024-05-01t12:00:00z', noon],
  ['2024-05-01T12:00Z', noon],
  ['2024-05-01 12:00:00 UTC', noon],
  ['2024-05-01T14:00:00+02:00', noon],
  ['2024-05-01 14:00:00 +0200', noon],
  ['2024-05-01T14:00:00+02', noon],
  ['2024-05-01T17:30:00+05:30', noon],
  ['2024-04-30T23:00:00-13:00', noon],
  ['2024-05-01 12:00:00', noon],
  ['2024-05-01T12:00:00.250', noon + 250],
  ['2024-05-01 12:00:00,25', noon + 250],
  ['2024-05-01T12:00:00.000125Z', noon + 0.125],
  ['2024-05-01', noon - 43_200_000],
  ['  2024-05-01  ', noon - 43_200_000],
  ['1969-12-31T23:59:59Z', -1000],
  ['0001-01-01T00:00:00Z', -719_162 * 86_400_000],
  ['2024-02-29T00:00:00Z', (19_844 - 62) * 86_400_000],
])('%s is so many milliseconds after 1970', (text, time) => {
  expect(read(text)).toEqual([time]);
});

test('a leap second is the first second of the next day, whatever the zone', () => {
  const newYear = 17_167 * 86_400_000;
  expect(read('2016-12-31T23:59:60Z', '2017-01-01T01:59:60+02:00', '2017-01-01T00:00:00Z')).toEqual([
    newYear,
    newYear,
    newYear,
  ]);
  expect(() => read('2016-12-31T12:59:60Z')).toThrow(LeaError);
  expect(() => read('2017-01-01T23:59:60+02:00')).toThrow(LeaError);
});

test.each([
  '2024-02-30',
  '2023-02-29T00:00:00Z',
  '2024-13-01',
  '2024-00-10',
  '2024-04-31',
  '0000-00-00 00:00:00',
  '2024-05-01T24:00:00Z',
  '2024-05-01T12:60:00Z',
  '2024-05-01T12:00:61Z',
  '2024-05-01T12:00:00+24:00',
  '2024-05-01T12',
  '2024-05-01T',
  '2024-5-1',
  '01.05.2024',
  '05/01/2024',
  '2024-05-01T12:00:00 CET',
  '2024-05',
  '2024-W18-3',
  'noon',
  '',
])('%j is refused by line', (text) => {
  const refused = expect.objectContaining({ code: 'E_TIME_BAD', value: text, message: expect.stringContaining(at(0)) });
  expect(() => read(text)).toThrow(refused);
});

test('numbers stay as they are: a year, digits of a date, seconds and milliseconds are not told apart', () => {
  expect(read('2024', '20240501', '1714564800', '1714564800000')).toEqual([
    2024, 20_240_501, 1_714_564_800, 1_714_564_800_000,
  ]);
});

test.each([
  [['1714564800', '2024-05-01T12:00:00Z'], 'a number'],
  [['2024-05-01T12:00:00Z', '1714564800'], 'an ISO date with a time zone'],
  [['2024-05-01 12:00:00', '2024-05-01T12:00:00Z'], 'an ISO date without a time zone'],
  [['2024-05-01T12:00:00Z', '2024-05-01'], 'an ISO date with a time zone'],
  [[new Date(0), '2024-05-01'], 'a number'],
])('%j are of two forms: the second is refused by line', (cells, form) => {
  expect(() => read(...cells)).toThrow(
    expect.objectContaining({
      code: 'E_TIME_MIXED',
      value: cells[1],
      message: expect.stringMatching(`^${at(1)}: expected ${form}, as in ${at(0)}\\.`),
    }),
  );
});

test('a column of seconds and milliseconds is noted, one of either is not', () => {
  const [s, ms] = [noon / 1000, noon];
  expect(timeNotes(Float64Array.of(s, ms))).toEqual([
    expect.stringMatching(/seconds \(1714564800\).*\(1714564800000\)/),
  ]);
  for (const one of [s, ms, 5]) expect(timeNotes(Float64Array.of(one, 0, one))).toEqual([]);
});
