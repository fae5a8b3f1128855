import type { Experiment } from '../schema.ts';
import { nextItemRuns } from './next-item.ts';

/** MovieLens 1M in the version of SASRec: 6,040 users, 3,416 items without texts, leave-one-out with full ranking. */
export const ml1m: Experiment = {
  name: 'ml-1m',
  dataset: { type: 'ml-1m' },
  split: { type: 'leave-one-out' },
  window: 200,
  rewards: { click: 1 },
  seeds: [0],
  baselines: [{ type: 'popularity' }, { type: 'last-item-markov' }, { type: 'item-knn' }],
  runs: nextItemRuns({
    width: 64,
    layers: 2,
    dropout: 0.2,
    lr: 0.001,
    sampledItems: 512,
    batch: 64,
    evaluateEvery: 146,
    patience: 8,
    maxSteps: 5840,
  }),
};
