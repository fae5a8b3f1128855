import type { Experiment } from '../schema.ts';
import { nextItemRuns } from './next-item.ts';
import { study } from './studies.ts';

const [dross, modular] = [
  study(
    'Klenitskiy, Vasilev, RecSys 2023 (arXiv 2309.07602)',
    'leave-one-out on 3,416 items, full ranking without seen items, histories of 200',
  ),
  study(
    'Tikhonovich et al., RecSys 2025 (eSASRec), github.com/blondered/transformer_benchmark',
    'leave-one-out on 3,706 items, full ranking, histories of 200',
  ),
];

/**
 * MovieLens 1M in the version of SASRec: 6,040 users, 3,416 items without texts. Sizes, dropout and learning rate are those that
 * both studies chose on validation.
 */
export const ml1m: Experiment = {
  name: 'ml-1m',
  dataset: { type: 'ml-1m' },
  split: { type: 'leave-one-out' },
  window: 200,
  rewards: { click: 1 },
  exclude: 'seen',
  seeds: [0],
  baselines: [{ type: 'popularity' }, { type: 'last-item-markov' }, { type: 'sequential-rules' }, { type: 'item-knn' }],
  runs: nextItemRuns({
    width: 64,
    layers: 2,
    dropout: 0.1,
    sampledItems: 512,
    batch: 64,
    evaluateEvery: 146,
    patience: 10,
    maxSteps: 5840,
  }),
  published: [
    dross('SASRec', 0.25, 0.1341),
    dross('SASRec with full cross-entropy', 0.3152, 0.1821),
    dross('BERT4Rec', 0.2843, 0.1537),
    modular('eSASRec', 0.3133, 0.1772),
  ],
};
