import { miniFolder } from '../testing/bench.ts';

/** An agent and a training of few steps. */
export const agent = { type: 'ce', encoder: { type: 'gru4rec', width: 8 } };
export const train = { batch: 16, evaluateEvery: 4, patience: 50 };

/** A folder with a small experiment `mini.json`, with these runs and this search. */
export function searchFolder(runs: readonly object[], search: object, change: object = {}): string {
  return miniFolder((config) => ({
    ...config,
    dataset: { type: 'world', users: 40, items: 30 },
    baselines: [{ type: 'popularity' }],
    environments: {},
    runs,
    search,
    ...change,
  }));
}
