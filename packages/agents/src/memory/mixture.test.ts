import { windowsOf } from '@lea/data';
import { float32 } from '@lea/tensor';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gates, histories, logOf, memoryOf, textOf, users } from '../fixtures/memory/logs.ts';
import { COUNTED, countLog, valueAt } from './counts.ts';
import { textTable } from './likeness.ts';
import type { Gate } from './mixture.ts';
import { evidenceOf, popularityOf, probabilityOf, shareOf, slotsOf, weightsOf } from './mixture.ts';
import { ownEvents, usersOf } from './own-events.ts';

/** Users 0, 1, 0 and 1, 2; nobody chose item 3. */
const log = logOf(
  [
    [0, 1, 0],
    [1, 2],
  ],
  4,
);
const counts = countLog(log, 2);
const counted = { counts, text: undefined, smoothing: 1 };

/** Weights in whole numbers: 1 for popularity; forward 2 and 1, times 1 + sum; backward 1, 1; direct 3 and 1, over 1 + sum. */
const gate: Gate = {
  bias: [1, 2, 1, 1, 1, 3, 1].map(Math.log),
  evidence: { popularity: 0, forward: 1, backward: 0, direct: -1 },
};

it('counts what followed, what preceded, and what followed directly', () => {
  const dense = COUNTED.map((component) =>
    Array.from({ length: 16 }, (_, i) => valueAt(counts[component], Math.floor(i / 4), i % 4)),
  );
  // User 0: 0 -> 1, 1 -> 0 at distance 1, 0 -> 0 at distance 2; user 1: 1 -> 2.
  expect(dense[0]).toEqual([0.5, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(dense[1]).toEqual([0.5, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(dense[2]).toEqual([0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(COUNTED.map((component) => [...counts[component].sums])).toEqual([
    [1.5, 2, 0, 0],
    [1.5, 1, 1, 0],
    [1, 2, 0, 0],
  ]);
  expect([[...counts.chosen], counts.total]).toEqual([[2, 2, 1, 0], 5]);
});

it('every item has half a choice more than it was chosen', () => {
  expect([0, 1, 2, 3].map((item) => popularityOf(counts, item))).toEqual([2.5 / 7, 2.5 / 7, 1.5 / 7, 0.5 / 7]);
});

it('weighs what the history has, by evidence', () => {
  const slots = slotsOf(2);
  const weights = (history: number[]) => [...weightsOf(counted, slots, gate, history)];
  const near = (given: number[], wanted: number[]) => {
    const total = wanted.reduce((sum, weight) => sum + weight, 0);
    given.forEach((weight, i) => {
      expect(weight).toBeCloseTo(wanted[i]! / total, 12);
    });
  };
  near(weights([1, 0]), [1, 2 * (1 + 2), 1 + 1.5, 1, 1, 3 / (1 + 2), 1 / (1 + 1)]);
  near(weights([2]), [1, 2, 0, 1, 0, 3, 0]);
  near(weights([]), [1, 0, 0, 0, 0, 0, 0]);
  // A third item is beyond the window.
  expect(weights([1, 0, 3])).toEqual(weights([1, 0]));
});

it('a share leans on popularity by the smoothing', () => {
  const share = (component: (typeof COUNTED)[number], given: number, item: number) =>
    shareOf(counted, { component, place: 0 }, given, item);
  expect(share('forward', 0, 1)).toBeCloseTo((1 + 2.5 / 7) / (1.5 + 1), 12);
  expect(share('forward', 1, 3)).toBeCloseTo((0 + 0.5 / 7) / (2 + 1), 12);
  expect(share('backward', 2, 1)).toBeCloseTo((1 + 2.5 / 7) / (1 + 1), 12);
  expect(share('direct', 1, 2)).toBeCloseTo((1 + 1.5 / 7) / (2 + 1), 12);
  // Nothing followed item 3: popularity alone.
  expect(share('direct', 3, 2)).toBeCloseTo(1.5 / 7, 12);
  const cautious = { ...counted, smoothing: 4 };
  expect(shareOf(cautious, { component: 'forward', place: 0 }, 0, 1)).toBeCloseTo((1 + (4 * 2.5) / 7) / (1.5 + 4), 12);
});

it('a share and its evidence without the own user', () => {
  // User 1 chose 1 and 2: left are 0, 1, 0 of user 0.
  const own = ownEvents(log, 3, 5, 2);
  expect(popularityOf(counts, 2, own)).toBeCloseTo(0.5 / (3 + 2), 12);
  expect(shareOf(counted, { component: 'forward', place: 0 }, 1, 2, own)).toBeCloseTo((0 + 0.1) / (1 + 1), 12);
  expect(shareOf(counted, { component: 'forward', place: 0 }, 1, 0, own)).toBeCloseTo((1 + 2.5 / 5) / (1 + 1), 12);
  expect(evidenceOf(counted, { component: 'forward', place: 0 }, 1, own)).toBeCloseTo(Math.log(2), 12);
  expect(evidenceOf(counted, { component: 'backward', place: 0 }, 2, own)).toBe(0);
});

it('scores are ln p: by hand, after histories of any length', async () => {
  const memory = memoryOf(counted, gate, { window: 2, horizon: 2, repeat: -3 });
  const scores = await memory.score(windowsOf([[0, 1], [2], [], [3, 0, 1]], 3, 4));
  await memory.dispose();
  const score = (row: number, item: number) => scores[row * 4 + item];
  // Weights of [0, 1], see above: 1, 6, 2.5, 1, 1, 1, 0.5 of 13; its places hold item 1, then item 0.
  const p =
    (1 * (1.5 / 7) +
      6 * ((1 + 1.5 / 7) / 3) +
      2.5 * ((0 + 1.5 / 7) / 2.5) +
      1 * ((0 + 1.5 / 7) / 2) +
      1 * ((0 + 1.5 / 7) / 2.5) +
      1 * ((1 + 1.5 / 7) / 3) +
      0.5 * ((0 + 1.5 / 7) / 2)) /
    13;
  expect(score(0, 2)).toBeCloseTo(Math.log(p), 5);
  // After item 2 alone: popularity 1, forward 2 (nothing followed), backward 1, direct 3 (nothing followed), of 7.
  expect(score(1, 1)).toBeCloseTo(Math.log(((1 + 2 + 3) * (2.5 / 7) + (1 + 2.5 / 7) / 2) / 7), 5);
  expect(score(1, 2)).toBeCloseTo(Math.log(((1 + 2 + 3) * (1.5 / 7) + 1.5 / 7 / 2) / 7) - 3, 5);
  for (let item = 0; item < 4; item++) {
    expect(score(2, item)).toBeCloseTo(Math.log([2.5, 2.5, 1.5, 0.5][item]! / 7), 5);
    expect(score(3, item)).toBe(score(0, item));
  }
});

const sizes = fc.record({
  items: fc.integer({ min: 1, max: 7 }),
  window: fc.integer({ min: 1, max: 5 }),
  horizon: fc.integer({ min: 1, max: 5 }),
  withText: fc.boolean(),
  repeats: fc.boolean(),
});
const cases = sizes.chain(({ items, window, horizon, withText, repeats }) =>
  fc.record({
    items: fc.constant(items),
    window: fc.constant(window),
    horizon: fc.constant(horizon),
    withText: fc.constant(withText),
    repeats: fc.constant(repeats),
    log: users(items),
    gate: gates(slotsOf(window, { repeat: repeats, text: withText })),
    asked: histories(items, window + 2),
    smoothing: fc.constantFrom(0.1, 1, 3),
    repeat: fc.constantFrom(-2, 0, 1.5),
  }),
);

it('the program gives what the definition says', async () => {
  await fc.assert(
    fc.asyncProperty(
      cases,
      async ({ items, window, horizon, withText, repeats, log, gate, asked, smoothing, repeat }) => {
        const text = withText ? await textTable(textOf(items), 2, Infinity) : undefined;
        const parts = { counts: countLog(logOf(log, items), horizon), text, smoothing };
        const slots = slotsOf(window, { repeat: repeats, text: withText });
        const memory = memoryOf(parts, gate, { window, horizon, repeats, repeat }, { threads: 1, batch: 2 });
        const scores = await memory.score(windowsOf(asked, window + 2, items));
        await memory.dispose();
        for (const [row, oldestFirst] of asked.entries()) {
          const history = [...oldestFirst].reverse().slice(0, window);
          const weights = weightsOf(parts, slots, gate, history);
          let sum = 0;
          for (let item = 0; item < items; item++) {
            const p = probabilityOf(parts, slots, weights, history, item);
            sum += p;
            const wanted = Math.log(p) + (history.includes(item) ? repeat : 0);
            expect(Math.abs(scores[row * items + item]! - wanted)).toBeLessThan(1e-4);
          }
          // A text that is like no other says nothing, and its weight is lost.
          if (!withText) expect(sum).toBeCloseTo(1, 9);
          else expect(sum).toBeLessThan(1 + 1e-6);
        }
      },
    ),
    { numRuns: 100 },
  );
});

it('with texts that are like some other one, probabilities sum up to 1', async () => {
  // Vectors without a negative number: every cosine is positive.
  const text = await textTable(
    float32(
      Array.from({ length: 18 }, (_, i) => 1 + Math.sin(i)),
      [6, 3],
    ),
    3,
    Infinity,
  );
  const slots = slotsOf(3, { text: true });
  fc.assert(
    fc.property(users(6), gates(slots), fc.array(fc.nat(5), { maxLength: 3 }), (log, gate, history) => {
      const parts = { counts: countLog(logOf(log, 6), 3), text, smoothing: 1 };
      const weights = weightsOf(parts, slots, gate, history);
      let sum = 0;
      for (let item = 0; item < 6; item++) sum += probabilityOf(parts, slots, weights, history, item);
      expect(sum).toBeCloseTo(1, 6);
    }),
  );
});

it('without the own user is counted without him', () => {
  const crowds = fc.tuple(users(5), fc.integer({ min: 1, max: 4 }), fc.nat());
  fc.assert(
    fc.property(crowds, ([all, horizon, drawn]) => {
      fc.pre(all.length > 1);
      const log = logOf(all, 5);
      const left = drawn % all.length;
      const own = ownEvents(log, ...usersOf(log)[left]!, horizon);
      const whole = { counts: countLog(log, horizon), text: undefined, smoothing: 1 };
      const others = all.filter((_, user) => user !== left);
      const without = { ...whole, counts: countLog(logOf(others, 5), horizon) };
      for (let item = 0; item < 5; item++) {
        expect(popularityOf(whole.counts, item, own)).toBeCloseTo(popularityOf(without.counts, item), 12);
        for (const slot of slotsOf(1)) {
          for (let given = 0; given < 5; given++) {
            expect(shareOf(whole, slot, given, item, own)).toBeCloseTo(shareOf(without, slot, given, item), 9);
            expect(evidenceOf(whole, slot, given, own)).toBeCloseTo(evidenceOf(without, slot, given), 9);
          }
        }
      }
    }),
  );
});
