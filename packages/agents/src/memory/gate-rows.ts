import { fold, key, permutation } from '@lea/core';
import type { Transitions } from '@lea/data';
import type { Counted } from './counts.ts';
import type { GateRows } from './gate.ts';
import type { Gate } from './mixture.ts';
import { evidenceOf, hasSlot, isCounted, type Parts, probabilityOf, type Slot, shareOf, weightsOf } from './mixture.ts';
import { ownEvents, usersOf } from './own-events.ts';

/** A row of the log, in the form that the mixture reads. */
export interface LoggedRow {
  /** Items of the history, newest first. */
  readonly history: Int32Array;
  readonly target: number;
}

/**
 * Draws random users until they have `rows` rows in total. Returns each user's range of rows.
 *
 * @param seed of the draw
 */
export function drawnUsers(train: Transitions, rows: number, seed: number): [from: number, to: number][] {
  const users = usersOf(train);
  if (train.count <= rows) return users;
  const drawn: [number, number][] = [];
  let count = 0;
  for (const user of permutation(fold(key(seed), 'gate users'), users.length)) {
    if (count >= rows) break;
    const [from, to] = users[user]!;
    drawn.push([from, to]);
    count += to - from;
  }
  return drawn;
}

/** A row with the newest `window` items of its history. */
export function loggedRow({ sequences, event, sequence }: Transitions, row: number, window: number): LoggedRow {
  const at = event[row]!;
  const start = Math.max(sequences.offsets[sequence[row]!]!, at - window);
  return { history: sequences.items.slice(start, at).reverse(), target: sequences.items[at]! };
}

/**
 * The data that the gate is fitted to: probability of the target and evidence in every slot, with the row's own user removed
 * from the counts. Otherwise every target would have been counted, and the gate would trust memorized pairs.
 */
export function gateRows(
  train: Transitions,
  parts: Parts,
  slots: readonly Slot[],
  users: readonly (readonly [from: number, to: number])[],
  { window, horizon }: { readonly window: number; readonly horizon: number },
): GateRows {
  const rows = users.reduce((sum, [from, to]) => sum + to - from, 0);
  const [reach, offsets] = [new Int32Array(rows), new Int32Array(rows + 1)];
  const most = rows * slots.length;
  const [slot, share, level] = [new Uint16Array(most), new Float64Array(most), new Int32Array(most)];
  // Level 0 is for slots without counts.
  const evidence = [0];
  const levels = { forward: new Map<number, number>(), backward: new Map(), direct: new Map() };
  const levelOf = (component: Counted, value: number): number => {
    const known = levels[component].get(value);
    if (known !== undefined) return known;
    levels[component].set(value, evidence.length);
    return evidence.push(value) - 1;
  };
  let [count, end] = [0, 0];
  for (const [from, to] of users) {
    const own = ownEvents(train, from, to, horizon);
    for (let row = from; row < to; row++) {
      const { history, target } = loggedRow(train, row, window);
      for (const [i, one] of slots.entries()) {
        if (!hasSlot(one, history)) continue;
        const given = history[one.place]!;
        slot[end] = i;
        share[end] = shareOf(parts, one, given, target, own);
        if (share[end] === 0 && !isCounted(one.component)) continue;
        level[end++] = isCounted(one.component) ? levelOf(one.component, evidenceOf(parts, one, given, own)) : 0;
      }
      reach[count] = history.length;
      offsets[++count] = end;
    }
  }
  const used = { slot: slot.slice(0, end), share: share.slice(0, end), level: level.slice(0, end) };
  return { reach, offsets, ...used, evidence: Float64Array.from(evidence) };
}

/** Number of rows for fitting the weight of repeats; a single number needs few. */
const REPEAT_ROWS = 5000;
/** Bound of that weight: beyond it, items of the history always rank first or last. */
const REPEAT_BOUND = 6;

/**
 * Fits the number that is added to ln p of items in the window, by maximum likelihood with each row's own user removed:
 * positive if users repeat items more often than the mixture expects, otherwise negative.
 */
export function fitRepeat(
  train: Transitions,
  parts: Parts,
  slots: readonly Slot[],
  gate: Gate,
  users: readonly (readonly [from: number, to: number])[],
  { window, horizon }: { readonly window: number; readonly horizon: number },
): number {
  const masses: number[] = [];
  let repeats = 0;
  for (const [from, to] of users) {
    if (masses.length >= REPEAT_ROWS) break;
    const own = ownEvents(train, from, to, horizon);
    for (let row = from; row < to; row++) {
      const { history, target } = loggedRow(train, row, window);
      if (history.length === 0) continue;
      const weights = weightsOf(parts, slots, gate, history, own);
      let mass = 0;
      for (const item of new Set(history)) mass += probabilityOf(parts, slots, weights, history, item, own);
      masses.push(mass);
      if (history.includes(target)) repeats++;
    }
  }
  // With the weight w, the probability of a repeat is q e^w / (1 + q (e^w - 1)). It grows with w, so bisection finds the root.
  const expected = (w: number) => {
    const factor = Math.exp(w);
    return masses.reduce((sum, q) => sum + (q * factor) / (1 + q * (factor - 1)), 0);
  };
  let [low, high] = [-REPEAT_BOUND, REPEAT_BOUND];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (expected(middle) < repeats) low = middle;
    else high = middle;
  }
  return masses.length === 0 ? 0 : (low + high) / 2;
}
