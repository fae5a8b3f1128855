import fc from 'fast-check';
import { expect, it } from 'vitest';
import { setOf } from '../fixtures/set-of.ts';
import { sequenceRows } from './sequence-rows.ts';

it('chooses the newest row, and one more per window of older events', () => {
  // Events 0..7. The row at 7 predicts 5, 6, 7, the row at 4 predicts 2, 3, 4, and the row at 1 predicts 1.
  expect(sequenceRows(setOf([8]), 3)).toEqual({ newest: Int32Array.of(1, 4, 7), first: Int32Array.of(0) });
});

it('predicts every event exactly once, whatever the lengths and the window', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 12 }), (of, window) => {
      const set = setOf(of);
      const { newest, first } = sequenceRows(set, window);
      const predicted = [...first];
      for (const row of newest) {
        const history = Math.min(window, row - set.sequences.offsets[set.sequence[row]!]!);
        for (let event = row - history + 1; event <= row; event++) predicted.push(event);
      }
      expect(predicted.toSorted((a, b) => a - b)).toEqual([...Array(set.count).keys()]);
    }),
  );
});

it('skips events that are not in the set', () => {
  const whole = setOf([6, 4]);
  const kept = [1, 2, 5, 7];
  const set = {
    ...whole,
    count: kept.length,
    event: Int32Array.from(kept),
    sequence: Int32Array.from(kept, (event) => whole.sequence[event]!),
  };
  // Events 5 and 4 by the row of event 5; 2 and 1 by that of 2; event 7 is the second of its user.
  expect(sequenceRows(set, 2)).toEqual({ newest: Int32Array.of(1, 2, 3), first: new Int32Array() });
});
