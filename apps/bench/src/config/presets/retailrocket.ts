import type { Experiment } from '../schema.ts';
import { agents, allParts, baselinesWithoutText, ladder, leanEncoder, leanTraining } from './ladder.ts';

const { ce, snqn } = agents(leanEncoder);

/**
 * RetailRocket, clicks and purchases (items put into the cart) of 4,125 sequences, 6,596 items without texts, so the
 * environment knows only ids.
 */
export const retailrocket: Experiment = {
  name: 'retailrocket',
  dataset: { type: 'retailrocket' },
  split: { type: 'by-user', seed: 0 },
  window: 10,
  rewards: { click: 0.2, purchase: 1 },
  offPolicy: {},
  seeds: [0],
  baselines: baselinesWithoutText,
  environments: { 'id-only': { itemInput: 'id' }, counting: { itemInput: 'id', tier: 'counting' } },
  runs: ladder(
    'CE',
    { agent: ce, train: leanTraining },
    {
      '': { environment: 'id-only' },
      ' (counting)': { environment: 'counting' },
      ' (random)': { environment: 'id-only', ablation: 'random-positives' },
    },
    [{ name: 'SNQN-LEA', base: 'CE-LEA', agent: snqn, environment: 'id-only', use: allParts }],
  ),
};
