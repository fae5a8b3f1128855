/** Helpers of the environments' tests: a world, logged users, and a reward model by hand. */
import { createWorld, type RewardModel, type Transitions, type Windows, type World } from '@lea/data';
import { fitEnvironment } from '../fit/fit-environment.ts';
import type { Environment } from '../inference/environment.ts';
import { rowsOf } from '../testing.ts';

export const ITEMS = 12;
export const world: World = createWorld({ users: 40, items: 30, tastes: 4, seed: 2 });
/** Users who go from item i to i + 1. */
export const train: Transitions = rowsOf(
  Array.from({ length: 60 }, (_, u) => Array.from({ length: 8 }, (_, t) => (u + t) % ITEMS)),
  ITEMS,
);

/** An environment that was fitted on them in a few epochs. */
export async function fitUsers(): Promise<Environment> {
  const small = { width: 8, layers: 1, heads: 1, window: 6, batch: 64, lr: 0.02, dropout: 0, epochs: 6 };
  return await fitEnvironment({ train, ...small });
}

/** Likes items by their number: utility of item i is i. Remembers how it was called. */
export function byNumber(): RewardModel & { calls: { windows: Windows; actions: Int32Array }[] } {
  const calls: { windows: Windows; actions: Int32Array }[] = [];
  return {
    name: 'by number',
    items: 5,
    window: 3,
    calls,
    async rewards(windows, actions) {
      calls.push({ windows, actions });
      return Float32Array.from(actions);
    },
  };
}
export const scale = { mean: 2, std: 0.5 };

export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
