import fc from 'fast-check';
import { expect, it } from 'vitest';
import { orderEvents } from './order-events.ts';

const event = fc.tuple(fc.nat(700), fc.nat(9), fc.nat(5), fc.nat(2), fc.integer({ min: -3, max: 3 }));
const few = fc.array(event, { minLength: 1, maxLength: 400 });
// Users with many events are sorted in another way.
const many = fc.array(
  event.map(([user, ...rest]) => [user % 3, ...rest] as const),
  { minLength: 200, maxLength: 400 },
);

it.each([
  ['few events per user', few],
  ['many events per user', many],
])('sorts all columns by user and time, and keeps the order of equal times: %s', (_, logs) => {
  fc.assert(
    fc.property(logs, fc.boolean(), (log, full) => {
      const column = (at: number, of = log) => of.map((event) => event[at]!);
      const columns = (of: typeof log) => ({
        user: Int32Array.from(column(0, of)),
        item: Int32Array.from(column(1, of)),
        time: Float64Array.from(column(2, of)),
        ...(full && { kind: Uint8Array.from(column(3, of)), reward: Float64Array.from(column(4, of)) }),
      });
      const users = Math.max(...column(0)) + 1;
      const sorted = [...log].sort((a, b) => a[0]! - b[0]! || a[2]! - b[2]!);
      expect(orderEvents(columns(log as never), users)).toEqual(columns(sorted as never));
    }),
  );
});
