import fc from 'fast-check';
import { expect, it } from 'vitest';
import { logOf, users } from '../fixtures/memory/logs.ts';
import { countLog } from './counts.ts';
import { fitGate, type GateRows, initialGate, likelihood } from './gate.ts';
import { drawnUsers, fitRepeat, gateRows, loggedRow } from './gate-rows.ts';
import { type Parts, probabilityOf, slotsOf, weightsOf } from './mixture.ts';
import { ownEvents, usersOf } from './own-events.ts';

const settings = { window: 3, horizon: 3 };
const slots = slotsOf(3);

function partsOf(all: readonly (readonly number[])[]) {
  const log = logOf(all, 5);
  const parts: Parts = { counts: countLog(log, 3), text: undefined, smoothing: 1 };
  return { log, parts, everyone: usersOf(log), rows: gateRows(log, parts, slots, usersOf(log), settings) };
}

/** Mean of -ln p(target), row by row and by the definition. */
function meanLoss({ log, parts }: ReturnType<typeof partsOf>, gate: ReturnType<typeof initialGate>): number {
  let sum = 0;
  for (const [from, to] of usersOf(log)) {
    const own = ownEvents(log, from, to, 3);
    for (let row = from; row < to; row++) {
      const { history, target } = loggedRow(log, row, 3);
      const weights = weightsOf(parts, slots, gate, history, own);
      sum -= Math.log(probabilityOf(parts, slots, weights, history, target, own));
    }
  }
  return sum / log.count;
}

it('a row has its newest items first', () => {
  const log = logOf([[4, 3, 2, 1, 0], [1]], 5);
  const rows = [0, 3, 4, 5].map((row) => loggedRow(log, row, 3));
  expect(rows.map(({ history, target }) => [[...history], target])).toEqual([
    [[], 4],
    [[2, 3, 4], 1],
    [[1, 2, 3], 0],
    [[], 1],
  ]);
});

it('the likelihood is that of the mixture, own users taken out, and so is its gradient', () => {
  const components = ['popularity', 'forward', 'backward', 'direct'];
  const numbers = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 13, maxLength: 13 });
  fc.assert(
    fc.property(users(5), numbers, (all, params) => {
      const world = partsOf(all);
      const evaluate = likelihood(slots, world.rows);
      const at = (values: readonly number[], grads = new Float64Array(13)) =>
        evaluate(Float64Array.from(values), grads);
      const evidence = Object.fromEntries(components.map((component, i) => [component, params[9 + i]!]));
      const grads = new Float64Array(13);
      expect(at(params, grads)).toBeCloseTo(meanLoss(world, { bias: params.slice(0, 9), evidence }), 9);
      for (let i = 0; i < 13; i++) {
        const [more, less] = [1e-5, -1e-5].map((step) => at(params.with(i, params[i]! + step)));
        expect(grads[i]).toBeCloseTo((more! - less!) / 2e-5, 6);
      }
    }),
    { numRuns: 30 },
  );
});

it('fits a gate of greater likelihood than the one it starts from', () => {
  fc.assert(
    fc.property(users(5), (all) => {
      const world = partsOf(all);
      const { gate, loss } = fitGate(slots, world.rows, 300);
      expect(loss).toBeCloseTo(meanLoss(world, gate), 9);
      expect(loss).toBeLessThanOrEqual(meanLoss(world, initialGate(slots)) + 1e-9);
    }),
    { numRuns: 30 },
  );
});

it('finds the best weights of a mixture', () => {
  // Two slots in each row. Of four rows three are told by the one with probability 1/2, one by the other; else 0: a share w
  // of the first gives (w / 2)^3 (1 - w) / 2, greatest at w = 3/4.
  const rows: GateRows = {
    reach: Int32Array.of(1, 1, 1, 1),
    offsets: Int32Array.of(0, 2, 4, 6, 8),
    slot: Uint16Array.of(0, 1, 0, 1, 0, 1, 0, 1),
    share: Float64Array.of(0.5, 0, 0.5, 0, 0.5, 0, 0, 0.5),
    level: new Int32Array(8),
    evidence: Float64Array.of(0),
  };
  const two = slotsOf(1).slice(0, 2);
  const { gate, loss } = fitGate(two, rows, 300);
  expect(1 / (1 + Math.exp(gate.bias[1]! - gate.bias[0]!))).toBeCloseTo(0.75, 3);
  expect(loss).toBeCloseTo(-(3 * Math.log(0.375) + Math.log(0.125)) / 4, 6);
  const none = fitGate(two, rows, 0);
  expect(none.gate).toEqual({ bias: [-0, -0], evidence: { popularity: 0, forward: 0 } });
  expect(none.loss).toBeCloseTo(-Math.log(0.25), 9);
});

it('starts with less weight for older places', () => {
  const { bias, evidence } = initialGate(slotsOf(3, { text: true }));
  expect(bias.map((b) => b + 0)).toEqual([0, 0, -0.5, -1, 0, -0.5, -1, 0, -0.5, 0, -0.5, -1]);
  expect(evidence).toEqual({ popularity: 0, forward: 0, backward: 0, direct: 0, text: 0 });
});

it('trusts evidence where it tells the target', () => {
  // Rows of much evidence are told by the slot, rows of little by popularity.
  const rows: GateRows = {
    reach: Int32Array.of(1, 1),
    offsets: Int32Array.of(0, 2, 4),
    slot: Uint16Array.of(0, 1, 0, 1),
    share: Float64Array.of(0.1, 0.9, 0.9, 0.1),
    level: Int32Array.of(0, 1, 0, 2),
    evidence: Float64Array.of(0, 3, 0.5),
  };
  const { gate, loss } = fitGate(slotsOf(1).slice(0, 2), rows, 300);
  expect(gate.evidence.forward).toBeGreaterThan(1);
  expect(gate.evidence.popularity).toBe(0);
  expect(loss).toBeLessThan(-Math.log(0.6));
});

it('stays finite where only a hair of evidence tells rows apart, and weights grow for as long as the fit lasts', () => {
  const rows: GateRows = {
    reach: Int32Array.of(1, 1, 1),
    offsets: Int32Array.of(0, 2, 4, 6),
    slot: Uint16Array.of(0, 1, 0, 1, 0, 1),
    share: Float64Array.of(0, 1, 1, 0, 0.5, 0.5),
    level: Int32Array.of(0, 1, 0, 0, 0, 2),
    evidence: Float64Array.of(0, 0.001, 900),
  };
  const { gate, loss } = fitGate(slotsOf(1).slice(0, 2), rows, 2000);
  expect(gate.evidence.forward! * 900).toBeGreaterThan(1000);
  expect(loss).toBeLessThan(Math.log(2));
});

/** The mass of the window and whether the target is in it, of each row that has a history. */
function repeats({ log, parts }: ReturnType<typeof partsOf>, gate: ReturnType<typeof initialGate>) {
  return usersOf(log).flatMap(([from, to]) => {
    const own = ownEvents(log, from, to, 3);
    return Array.from({ length: to - from }, (_, i) => loggedRow(log, from + i, 3))
      .filter(({ history }) => history.length > 0)
      .map(({ history, target }) => {
        const weights = weightsOf(parts, slots, gate, history, own);
        const items = [...new Set(history)];
        const shares = items.map((item) => probabilityOf(parts, slots, weights, history, item, own));
        return { mass: shares.reduce((sum, p) => sum + p, 0), hit: history.includes(target) };
      });
  });
}

it('the weight of repeats makes as many expected as were counted', () => {
  fc.assert(
    fc.property(users(5), (all) => {
      const world = partsOf(all);
      const gate = initialGate(slots);
      const weight = fitRepeat(world.log, world.parts, slots, gate, world.everyone, settings);
      const rows = repeats(world, gate);
      const counted = rows.filter(({ hit }) => hit).length;
      const factor = Math.exp(weight);
      const expected = rows.reduce((sum, { mass }) => sum + (mass * factor) / (mass * factor + 1 - mass), 0);
      if (rows.length === 0) expect(weight).toBe(0);
      else if (weight > 5.99) expect(expected).toBeLessThanOrEqual(counted);
      else if (weight < -5.99) expect(expected).toBeGreaterThanOrEqual(counted);
      else expect(expected).toBeCloseTo(counted, 4);
    }),
  );
});

it('repeats weigh more where people come back to their items, less where they never do', () => {
  const weightOf = (all: number[][]) => {
    const { log, parts, everyone } = partsOf(all);
    return fitRepeat(log, parts, slots, initialGate(slots), everyone, settings);
  };
  expect(weightOf([0, 1, 2, 3, 4].map((item) => Array(6).fill(item)))).toBeGreaterThan(3);
  expect(weightOf([0, 1, 2, 3, 4].map((first) => [0, 1, 2, 3, 4].map((i) => (first + i) % 5)))).toBeLessThan(-3);
  // Nobody has a history.
  expect(weightOf([[0], [1]])).toBe(0);
});

it('draws whole users until they have enough rows', () => {
  const log = logOf(
    Array.from({ length: 40 }, (_, user) => Array((user % 4) + 1).fill(user % 5)),
    5,
  );
  const everyone = usersOf(log);
  expect(drawnUsers(log, 100, 0)).toEqual(everyone);
  const some = drawnUsers(log, 30, 0);
  const sizes = some.map(([from, to]) => to - from);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(total).toBeGreaterThanOrEqual(30);
  expect(total - sizes.at(-1)!).toBeLessThan(30);
  const known = new Set(everyone.map(String));
  for (const user of some) expect(known.has(String(user))).toBe(true);
  expect(new Set(some.map(String)).size).toBe(some.length);
  expect(drawnUsers(log, 30, 0)).toEqual(some);
  expect(drawnUsers(log, 30, 1)).not.toEqual(some);
});
