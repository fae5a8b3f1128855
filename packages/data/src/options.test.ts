import fc from 'fast-check';
import { expect, it } from 'vitest';
import { successions } from './counting/successions.ts';
import { logOf } from './fixtures/log.ts';
import { findLeaks } from './leaks.ts';
import { sequences, transitions } from './sequences.ts';
import { splitByTime } from './split/by-order.ts';
import { splitByUser } from './split/by-user.ts';
import { emptyBatch, emptyWindows, historyWindows, windowsOf } from './windows.ts';
import { createWorld } from './world/world.ts';

const data = logOf('a: 0 1 2* 3', 'b: 3 0', 'c: 1 2 3', 'd: 2 0');
const rows = transitions(sequences(data));

/** What no numeric option takes. */
const noNumber = fc.constantFrom(Number.NaN, Infinity, -Infinity, '1', null, true, 1n, [], {});
const refused = (codes: string[]) => expect.objectContaining({ name: 'LeaError', code: expect.toBeOneOf(codes) });

it('refuses what is no number in every numeric option', () => {
  const world = fc.constantFrom('seed', 'users', 'items', 'meanLength', 'tastes', 'drift', 'popularitySpread');
  fc.assert(
    fc.property(noNumber, world, fc.constantFrom('click', 'purchase'), (bad, name, kind) => {
      const no = bad as number;
      for (const call of [
        () => createWorld({ [name]: no }),
        () => createWorld({ rewards: { click: 0.2, purchase: 1, [kind]: no } }),
        () => splitByUser(data, { seed: no }),
        () => splitByUser(data, { fractions: [1, 0, no] }),
        () => splitByUser(data, { fractions: no as never }),
        () => splitByTime(data, { validationFrom: no, testFrom: 5 }),
        () => splitByTime(data, { validationFrom: 5, testFrom: no }),
        () => findLeaks(splitByUser(data, { fractions: [0.5, 0.25, 0.25] }), { run: no }),
        () => successions(rows, no, () => 1),
        () => emptyWindows(no, 3),
        () => emptyWindows(3, no),
        () => emptyBatch(3, no),
        () => historyWindows(rows, [0], no),
        () => historyWindows(rows, [no], 3),
        () => windowsOf([[0]], no, 4),
        () => windowsOf([[0]], 3, no),
      ]) {
        expect(call).toThrow(
          refused(['E_OPTION_VALUE', 'E_SPLIT_FRACTIONS', 'E_SPLIT_TIMES', 'E_RUN_SHORT', 'E_ROW_RANGE']),
        );
      }
    }),
  );
});

it('refuses worlds that no memory holds before it makes them', () => {
  for (const size of [{ users: 1e12 }, { items: 1e12 }, { tastes: 1e9 }, { users: 1e6, meanLength: 60 }]) {
    expect(() => createWorld(size)).toThrow(refused(['E_WORLD_SIZE']));
  }
  expect(() => createWorld({ users: 1e12 })).toThrow('Use at most 1525201 users.');
  expect(() => emptyWindows(1e6, 1e6)).toThrow(refused(['E_OPTION_VALUE']));
});

it('refuses rewards of a world for other kinds', () => {
  expect(() => createWorld({ rewards: { clik: 1 } as never })).toThrow('Did you mean "click"?');
});

it('refuses histories of what is no whole number', () => {
  for (const history of [['1'], [1n], BigInt64Array.of(1n), [true], [null], [Number.NaN], [0.5], new Array(1)]) {
    expect(() => windowsOf([history as never], 3, 4)).toThrow(refused(['E_ITEM_RANGE']));
    expect(() => createWorld({ users: 3, items: 4 }).reward(history as never)).toThrow(refused(['E_ITEM_RANGE']));
  }
  for (const history of ['12', new Set([1]), undefined, 1]) {
    expect(() => createWorld({ users: 3, items: 4 }).outlook(history as never)).toThrow(refused(['E_HISTORY']));
  }
});
