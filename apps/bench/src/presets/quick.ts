import type { Experiment } from '../config/schema.ts';
import { allBaselines } from './ladder.ts';

const encoder = { type: 'sasrec', size: 64, dropout: 0.1 };
const train = { sampler: { type: 'independent' as const }, batch: 256 };

/** What the bare command runs: the synthetic world, in minutes on two cores and without any download. */
export const quick: Experiment = {
  name: 'quick',
  dataset: { type: 'world' },
  split: { type: 'by-user' },
  window: 10,
  rewards: { click: 0.2, purchase: 1 },
  seeds: [0],
  // steps this small gain nothing from a second thread, and one thread gives the same bits on every machine
  threads: 1,
  baselines: allBaselines,
  environments: { language: { tokens: 'id+text', tier: 'catalogue' } },
  runs: [
    { name: 'SASRec-CE', agent: { type: 'ce', lr: 0.001, encoder }, train },
    { name: 'SASRec-SNQN', base: 'SASRec-CE', agent: { type: 'snqn', lr: 0.001, encoder } },
    { name: 'SASRec-SNQN-LEA', base: 'SASRec-SNQN', environment: 'language' },
  ],
};
