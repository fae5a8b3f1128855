import type { Experiment } from '../schema.ts';
import { agents, allBaselines, allParts, ladder, leanEncoder, leanTraining } from './ladder.ts';

const { ce, snqn } = agents({ ...leanEncoder, itemInput: 'text-init' });

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
  environments: {
    language: { itemInput: 'id+text', tier: 'catalog' },
    counting: { itemInput: 'id+text', tier: 'counting' },
  },
  runs: ladder(
    'CE',
    { agent: ce, train: leanTraining },
    { '': { environment: 'language' }, ' (counting)': { environment: 'counting' } },
    [{ name: 'SNQN-LEA', base: 'CE-LEA', agent: snqn, environment: 'language', use: allParts }],
  ),
};
