import type { Experiment } from '../schema.ts';
import { nextItemRuns } from './next-item.ts';
import { study } from './studies.ts';

const protocol = 'leave-one-out, full ranking with seen items, histories of 50';
const vqRec = study('Hou et al., WWW 2023 (VQ-Rec)', protocol);
const missRec = study('Wang et al., ACM MM 2023 (MISSRec)', protocol);

/**
 * Amazon Industrial and Scientific with the split of UniSRec: the last event of each user is for test, the one before for
 * validation. The preset `industrial` has the same events with a split by user.
 */
export const scientificLoo: Experiment = {
  name: 'scientific-loo',
  dataset: { type: 'industrial' },
  split: { type: 'leave-one-out' },
  window: 50,
  rewards: { click: 1 },
  seeds: [0],
  baselines: [
    { type: 'popularity' },
    { type: 'last-item-markov' },
    { type: 'sequential-rules' },
    { type: 'co-occurrence' },
    { type: 'co-occurrence', text: true },
    { type: 'item-knn' },
    { type: 'ease' },
  ],
  runs: nextItemRuns({
    width: 64,
    layers: 2,
    dropout: 0.5,
    sampledItems: 2048,
    batch: 128,
    evaluateEvery: 75,
    patience: 10,
    maxSteps: 4000,
  }),
  published: [
    vqRec('VQ-Rec', 0.1238, 0.0645),
    missRec('MISSRec from scratch, ids', 0.1282, 0.0711),
    missRec('MISSRec, pretrained', 0.136, 0.0753),
  ],
};
