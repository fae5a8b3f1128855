import { sasrec, sqn } from '@lea/agents';
import type { Sequences, Transitions } from '@lea/data';
import { expect, it } from 'vitest';
import type { Signals } from './signals/options.ts';
import { fit } from './train.ts';

const ITEMS = 12;
const LENGTH = 5;

/** One user per item, who walks the ring from there: what follows is known, and nothing else is ever logged. */
function ring(): Transitions {
  const count = ITEMS * LENGTH;
  const sequences: Sequences = {
    userIds: Array.from({ length: ITEMS }, (_, i) => `u${i}`),
    itemIds: Array.from({ length: ITEMS }, (_, i) => `i${i}`),
    kinds: ['click'],
    offsets: Int32Array.from({ length: ITEMS + 1 }, (_, i) => i * LENGTH),
    items: Int32Array.from({ length: count }, (_, i) => (Math.floor(i / LENGTH) + (i % LENGTH)) % ITEMS),
    kind: new Uint8Array(count),
    time: Float64Array.from({ length: count }, (_, i) => i),
  };
  return {
    sequences,
    count,
    event: Int32Array.from({ length: count }, (_, i) => i),
    sequence: Int32Array.from({ length: count }, (_, i) => Math.floor(i / LENGTH)),
    done: Uint8Array.from({ length: count }, (_, i) => Number(i % LENGTH === LENGTH - 1)),
  };
}

const good = (action: number) => (action + 4) % ITEMS;
const bad = (action: number) => (action + 8) % ITEMS;

/** Beside each logged action a better and a worse one, as likely to the supervised head. */
function signalsOf({ sequences, count, event }: Transitions): Signals {
  const actions = Array.from({ length: count }, (_, row) => sequences.items[event[row]!]!);
  return {
    k: 2,
    targets: Int32Array.from(actions.flatMap((action) => [good(action), bad(action)])),
    targetWeights: new Float32Array(count * 2).fill(0.5),
    targetRewards: Float32Array.from(actions.flatMap(() => [1, -1])),
  };
}

/** Q after each item: of the better action, the logged one and the worse one. */
async function valuesOf(augmentedActions: number): Promise<number[][]> {
  const train = ring();
  const options = { rankingHead: 'q', target: 'polyak', tau: 0.05, lr: 0.02, augmentedActions } as const;
  const { policy } = await fit({
    agent: sqn({ encoder: sasrec({ width: 16, dropout: 0 }), ...options }),
    train,
    validation: train,
    rewards: [0.2],
    // The last item is all of the state: what follows a proposed action is a state of the log as well.
    window: 1,
    batch: 30,
    maxSteps: 400,
    evaluateEvery: 400,
    threads: 1,
    signals: signalsOf(train),
  });
  const items = Int32Array.from({ length: ITEMS }, (_, item) => item);
  const scores = await policy.score({ items, length: new Int32Array(ITEMS).fill(1), size: ITEMS, window: 1 });
  await policy.dispose();
  return Array.from(items, (last) => {
    const logged = (last + 1) % ITEMS;
    return [good(logged), logged, bad(logged)].map((item) => scores[last * ITEMS + item]!);
  });
}

const ordered = (rows: number[][]) =>
  rows.filter(([best, logged, worst]) => best! > logged! && logged! > worst!).length;

it('values order proposed actions by their rewards only when these are TD rows', async () => {
  expect(ordered(await valuesOf(2))).toBe(ITEMS);
  expect(ordered(await valuesOf(1))).toBe(ITEMS);
  expect(ordered(await valuesOf(0))).toBeLessThan(ITEMS / 2);
});
