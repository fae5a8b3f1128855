import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyLog, logOf } from './fixtures/log.ts';
import { itemCounts, sequences, transitions } from './sequences.ts';
import { batchOf, emptyBatch, emptyWindows, historyWindows, windowsOf } from './windows.ts';

const data = logOf('a: 0 1 2* 3', 'b: 3 0');
const set = transitions(sequences(data));
const rows = [0, 1, 2, 3, 4, 5];

it('has a row for every event, the first of a sequence included', () => {
  expect([...set.event]).toEqual([0, 1, 2, 3, 4, 5]);
  expect([...set.sequence]).toEqual([0, 0, 0, 0, 1, 1]);
  expect([...set.done]).toEqual([0, 0, 0, 1, 0, 1]);
  expect([...itemCounts(set)]).toEqual([2, 1, 1, 2]);
});

it('pads windows on the right and keeps the newest items', () => {
  const { items, length, size, window } = historyWindows(set, rows, 2);
  expect([...items]).toEqual([4, 4, 0, 4, 0, 1, 1, 2, 4, 4, 3, 4]);
  expect([...length]).toEqual([0, 1, 2, 2, 0, 1]);
  expect([size, window]).toEqual([6, 2]);
});

it('makes batches with the state after the action', () => {
  const batch = batchOf(set, rows, { window: 2, rewards: [0.2, 1] });
  expect([...batch.action]).toEqual([0, 1, 2, 3, 3, 0]);
  expect([...batch.kind]).toEqual([0, 0, 1, 0, 0, 0]);
  expect([...batch.reward]).toEqual([0.2, 0.2, 1, 0.2, 0.2, 0.2].map(Math.fround));
  expect([...batch.nextItems]).toEqual([0, 4, 0, 1, 1, 2, 2, 3, 3, 4, 3, 0]);
  expect([...batch.nextLength]).toEqual([1, 2, 2, 2, 1, 2]);
  expect([...batch.done]).toEqual([0, 0, 0, 1, 0, 1]);
});

it('writes into given buffers and leaves nothing of what was there', () => {
  const out = emptyBatch(2, 3);
  batchOf(set, [3, 5], { window: 3, rewards: [0, 1] }, out);
  expect(batchOf(set, [4, 1], { window: 3, rewards: [0, 1] }, out)).toBe(out);
  expect(out).toEqual(batchOf(set, [4, 1], { window: 3, rewards: [0, 1] }));
});

it('refuses buffers, rows and rewards that do not fit', () => {
  expect(() => historyWindows(set, [0], 3, emptyWindows(2, 3))).toThrow(/buffers for 1 rows with a window of 3/);
  expect(() => historyWindows(set, [6], 3)).toThrow(/Row indices must be in 0..5. Got 6/);
  expect(() => batchOf(set, [0], { window: 3, rewards: [1] })).toThrow(/2 rewards, one per kind \(click, purchase\)/);
});

it('makes windows of plain histories', () => {
  const windows = windowsOf([[], [1, 2, 3], Int32Array.of(0)], 2, 4);
  expect([...windows.items]).toEqual([4, 4, 2, 3, 0, 4]);
  expect([...windows.length]).toEqual([0, 2, 1]);
  expect(() => windowsOf([[4]], 2, 4)).toThrow(/Items of history 0 must be in 0..3. Got 4/);
});

it('refuses what is no list of histories, by row', () => {
  const refused = (message: RegExp) =>
    expect.objectContaining({ code: 'E_HISTORY', message: expect.stringMatching(message) });
  expect(() => windowsOf([1, 2] as never, 2, 4)).toThrow(refused(/History 0 must be an array.*\[\[3, 14, 15\]\]/));
  expect(() => windowsOf([[1], '23'] as never, 2, 4)).toThrow(refused(/History 1 /));
  expect(() => windowsOf([new DataView(new ArrayBuffer(4))] as never, 2, 4)).toThrow(refused(/History 0 /));
  expect(() => windowsOf(new Int32Array(2) as never, 2, 4)).toThrow(refused(/histories must be an array/));
});

describe('for any log', () => {
  it('the next window of a row is the window of the next row, and both are right-padded', () => {
    fc.assert(
      fc.property(anyLog, fc.integer({ min: 1, max: 6 }), (log, window) => {
        const all = transitions(sequences(log));
        const every = Array.from(all.event.keys());
        const batch = batchOf(all, every, { window, rewards: log.kinds.map(() => 1) });
        const padId = log.itemIds.length;
        for (const row of every) {
          const items = batch.items.subarray(row * window, (row + 1) * window);
          const next = batch.nextItems.subarray(row * window, (row + 1) * window);
          expect(items.every((item, j) => (item === padId) === j >= batch.length[row]!)).toBe(true);
          expect(batch.nextLength[row]).toBe(Math.min(window, batch.length[row]! + 1));
          expect(next[batch.nextLength[row]! - 1]).toBe(batch.action[row]);
          if (batch.done[row]) continue;
          expect([...next]).toEqual([...batch.items.subarray((row + 1) * window, (row + 2) * window)]);
        }
      }),
      { numRuns: 50 },
    );
  });
});
