import type { Experiment } from '../schema.ts';
import { agents, allBaselines, allParts, ladder, leanEncoder, leanTraining } from './ladder.ts';

const { ce, snqn } = agents({ ...leanEncoder, itemInput: 'text-init' });

/** The default experiment: a synthetic world, which takes minutes on two cores and needs no download. */
export const quick: Experiment = {
  name: 'quick',
  dataset: { type: 'world' },
  split: { type: 'by-user' },
  window: 10,
  rewards: { click: 0.2, purchase: 1 },
  offPolicy: {},
  seeds: [0],
  // Steps this small gain nothing from a second thread, and one thread gives the same bits on every machine.
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
