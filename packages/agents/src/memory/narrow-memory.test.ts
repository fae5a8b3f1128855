import { windowsOf } from '@lea/data';
import { expect, test } from 'vitest';
import { someMemory, textOf } from '../fixtures/memory/logs.ts';
import { leaveOwnUserOut } from './leave-own-user-out.ts';
import { textTable } from './likeness.ts';
import { narrowMemory } from './narrow-memory.ts';
import { log, near } from './testing.ts';

const histories = [[], [1], [1, 2, 3, 4], [7, 7, 0], [0, 4, 4, 1, 2]];

test.each([1, 2, 3])('a memory narrowed to %i events scores as it does when it is given no more', async (window) => {
  const settings = { window: 4, horizon: 4, repeats: true, repeat: -1.5 };
  const wide = someMemory(log, settings, await textTable(textOf(8), 2, 3));
  const narrow = narrowMemory(wide, window);
  const few = windowsOf(histories, window, 8);
  near(await narrow.score(windowsOf(histories, 5, 8)), [...(await wide.score(few))]);
  expect(narrow.window).toBe(window);
  await Promise.all([wide.dispose(), narrow.dispose()]);
});

test('without their own user, rows are told by the events of the narrower window', () => {
  // Row 6 is the third of the second user, with the history 1, 2. The gate reads what follows the item before last, or else the
  // last.
  const wide = someMemory(log, { window: 2, horizon: 1 });
  const gate = { bias: wide.config.gate.bias.map((_, i) => [0, 50, 100][i] ?? 0), evidence: {} };
  const only = narrowMemory({ ...wide, config: { ...wide.config, gate } }, 1);
  const out = new Float32Array(8);
  leaveOwnUserOut(log, only)(6, out);
  // After 2 the others chose 3 once; the pseudo-count is 1, and 3 was chosen by them once in 11 events: (1 + .5) / (11 + 4).
  expect(out[3]).toBeCloseTo((1 + 0.1) / 2, 5);
});

test('a memory that reads no more is the same, and a window of no events is refused', () => {
  const memory = someMemory(log, { window: 2, horizon: 4 });
  expect(narrowMemory(memory, 2)).toBe(memory);
  expect(() => narrowMemory(memory, 0)).toThrow(expect.objectContaining({ code: 'E_OPTION_VALUE' }));
});
