import type { LeaError } from '@lea/core';
import { windowsOf } from '@lea/data';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { logOf, someMemory, textOf, users } from '../fixtures/memory/logs.ts';
import { COUNTED } from './counts.ts';
import { textTable } from './likeness.ts';
import type { Memory } from './memory.ts';
import type { ObservedEvent } from './observe.ts';
import { rowOf } from './tables.ts';

const settings = { window: 3, horizon: 3 };

/** The events of users from `start` on, with what they did before. */
function eventsOf(all: readonly (readonly number[])[], start: number): ObservedEvent[] {
  return all.flatMap((own) => own.slice(start).map((item, i) => ({ history: own.slice(0, start + i), item })));
}

/** What a memory knows, up to rounding. */
function known({ state }: Memory) {
  const round = (value: number) => Math.round(value * 1e4) / 1e4;
  const tables = COUNTED.map((component) => {
    const table = state.tables[component];
    const rows = Array.from(state.chosen, (_, x) => rowOf(table, x));
    return {
      rows: rows.map(({ columns, values }) => [Array.from(columns), Array.from(values, round)]),
      sums: Array.from(table.sums, round),
    };
  });
  return { chosen: [...state.chosen], popularity: Array.from(state.popularity, round), tables };
}

it('observing the rest of a log is counting the whole of it', async () => {
  const text = await textTable(textOf(6), 2, Infinity);
  await fc.assert(
    fc.asyncProperty(users(6, 10), fc.integer({ min: 1, max: 4 }), fc.boolean(), async (all, start, withText) => {
      const own = withText ? text : undefined;
      const whole = someMemory(logOf(all, 6), settings, own);
      const part = someMemory(
        logOf(
          all.map((user) => user.slice(0, start)),
          6,
        ),
        settings,
        own,
      );
      const events = eventsOf(all, start);
      const half = Math.floor(events.length / 2);
      part.observe(events.slice(0, half));
      part.observe(events.slice(half));
      expect(known(part)).toEqual(known(whole));
      const windows = windowsOf([[], ...all], 3, 6);
      const [given, wanted] = [await part.score(windows), await whole.score(windows)];
      given.forEach((score, i) => {
        expect(Math.abs(score - wanted[i]!)).toBeLessThan(1e-4);
      });
      await Promise.all([part.dispose(), whole.dispose()]);
    }),
    { numRuns: 20 },
  );
});

it('a full row takes a newcomer in the place of its rarest neighbor once one call counts more of it', () => {
  // After item 0 came 1 three times, 2 twice, 3 once; two neighbors are kept.
  const log = logOf([...Array(3).fill([0, 1]), [0, 2], [0, 2], [0, 3]], 5);
  const memory = someMemory(log, { ...settings, neighbors: 2 });
  const direct = () => {
    const { columns, values } = rowOf(memory.state.tables.direct, 0);
    return [Array.from(columns), Array.from(values), memory.state.tables.direct.sums[0]];
  };
  expect(direct()).toEqual([[1, 2], [3, 2], 6]);
  memory.observe([{ history: [0], item: 4 }]);
  expect(direct()).toEqual([[1, 2], [3, 2], 7]);
  memory.observe(Array(3).fill({ history: [0], item: 4 }));
  expect(direct()).toEqual([[1, 4], [3, 3], 10]);
});

it('reads as far back as the horizon', () => {
  const memory = someMemory(logOf([[0]], 6), settings);
  memory.observe([{ history: Int32Array.of(5, 1, 2, 3), item: 4 }]);
  const { forward, backward, direct } = memory.state.tables;
  expect([0, 1, 2, 3, 4, 5].map((x) => forward.sums[x])).toEqual([0, Math.fround(1 / 3), 0.5, 1, 0, 0]);
  expect(Array.from(rowOf(backward, 4).columns)).toEqual([1, 2, 3]);
  expect(Array.from(direct.sums)).toEqual([0, 0, 0, 1, 0, 0]);
  expect(Array.from(memory.state.chosen)).toEqual([1, 0, 0, 0, 1, 0]);
});

it('items that are none are refused before anything is counted', () => {
  const memory = someMemory(logOf([[0, 1]], 3), settings);
  const before = memory.state;
  for (const [event, value] of [
    [{ history: [0], item: 3 }, 3],
    [{ history: [0, -1], item: 1 }, -1],
    [{ history: [0.5], item: 1 }, 0.5],
    [{ history: [], item: Number.NaN }, Number.NaN],
  ] as const) {
    let error: LeaError | undefined;
    try {
      memory.observe([{ history: [0], item: 1 }, event]);
    } catch (caught) {
      error = caught as LeaError;
    }
    expect(error).toMatchObject({ code: 'E_ITEM_RANGE', value });
    expect(error?.message).toMatch(/items of event 1 must be/);
    expect(error?.hint).toMatch(/observe of a policy/);
    expect(memory.state).toBe(before);
  }
});

it('rows that grow longer are read whole, although the table has room for them', async () => {
  const memory = someMemory(logOf([[0]], 6), settings);
  const windows = windowsOf([[0]], 3, 6);
  await memory.score(windows);
  const room = memory.state.tables.direct.columns.length;
  const events = [1, 2, 3].map((item) => ({ history: [0], item }));
  memory.observe(events);
  expect(memory.state.tables.direct.columns.length).toBe(room);
  const scores = await memory.score(windows);
  const fresh = memory.fork();
  expect(scores).toEqual(await fresh.score(windows));
  await Promise.all([memory.dispose(), fresh.dispose()]);
});

it('what a fork observes stays with it', async () => {
  const memory = someMemory(logOf([[0, 1, 2]], 4), settings);
  memory.observe([{ history: [1], item: 2 }]);
  const before = memory.hash;
  const fork = memory.fork();
  expect(fork.hash).toBe(before);
  fork.observe([{ history: [0], item: 3 }]);
  expect(memory.hash).toBe(before);
  expect(fork.hash).not.toBe(before);
  const windows = windowsOf([[0]], 3, 4);
  const [own, others] = [await memory.score(windows), await fork.score(windows)];
  expect(others[3]).toBeGreaterThan(own[3]!);
  await Promise.all([memory.dispose(), fork.dispose()]);
});
