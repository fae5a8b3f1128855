import fc from 'fast-check';
import { expect, it } from 'vitest';
import { logOf, someGate, someMemory, textOf, users } from '../fixtures/memory/logs.ts';
import { countLog } from './counts.ts';
import { loggedRow } from './gate-rows.ts';
import { leaveOwnUserOut } from './leave-own-user-out.ts';
import { textTable } from './likeness.ts';
import { probabilityOf, slotsOf, weightsOf } from './mixture.ts';
import { ownEvents, usersOf } from './own-events.ts';

const ITEMS = 6;
const settings = { window: 3, horizon: 4, repeats: true };

it('gives every item what the definition says without the events of the user', async () => {
  const text = await textTable(textOf(ITEMS), 2, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(users(ITEMS), fc.boolean(), (own, withText) => {
      const log = logOf(own, ITEMS);
      const memory = someMemory(log, settings, withText ? text : undefined);
      const probabilities = leaveOwnUserOut(log, memory);
      const parts = { counts: countLog(log, settings.horizon), text: memory.state.tables.text, smoothing: 1 };
      const slots = slotsOf(settings.window, { repeat: true, text: withText });
      const gate = someGate(slots);
      const out = new Float32Array(ITEMS);
      for (const [from, to] of usersOf(log)) {
        const taken = ownEvents(log, from, to, settings.horizon);
        for (let row = from; row < to; row++) {
          probabilities(row, out);
          const { history } = loggedRow(log, row, settings.window);
          const weights = weightsOf(parts, slots, gate, history, taken);
          for (let item = 0; item < ITEMS; item++) {
            expect(out[item]).toBeCloseTo(probabilityOf(parts, slots, weights, history, item, taken), 5);
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

it('asks for the rows that the memory was counted from', () => {
  const log = logOf(
    [
      [0, 1, 2],
      [3, 1],
    ],
    ITEMS,
  );
  const memory = someMemory(log, settings);
  expect(() => leaveOwnUserOut(logOf([[0, 1, 2]], ITEMS), memory)).toThrow(
    expect.objectContaining({ code: 'E_MEMORY', hint: expect.stringContaining('countingMemory(train)') }),
  );
  memory.observe([{ history: [0], item: 1 }]);
  expect(() => leaveOwnUserOut(log, memory)).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
});
