import type { DatasetConfig, Experiment, Published, SplitConfig } from '../schema.ts';
import { gru4recRun, nextItemRuns } from './next-item.ts';
import rows from './sa2c-rows.json' with { type: 'json' };
import { sa2cStudy } from './studies.ts';

/** Raw data of the SQN and SA2C papers, with clicks and purchases. */
function purchases(name: string, dataset: DatasetConfig, split: SplitConfig, published?: Published[]): Experiment {
  const settings = {
    width: 64,
    layers: 1,
    dropout: 0.1,
    sampledItems: 1024,
    batch: 256,
    // About two epochs.
    evaluateEvery: 1400,
    patience: 3,
    maxSteps: 7000,
  };
  return {
    name,
    dataset,
    split,
    window: 10,
    rewards: { click: 0.2, purchase: 1 },
    offPolicy: {},
    metrics: ['hr@10/purchase', 'hr@10/click'],
    seeds: [0],
    baselines: [
      { type: 'popularity' },
      { type: 'repeat-history' },
      { type: 'last-item-markov' },
      { type: 'sequential-rules' },
    ],
    runs: [...nextItemRuns(settings), gru4recRun(settings)],
    ...(published && { published }),
  };
}

const users: SplitConfig = { type: 'by-user', seed: 0 };
/** Tests after the 90 % quantile of time, validates after the 80 % quantile. */
const times: SplitConfig = { type: 'by-time-quantiles' };

/** RC15 as in the papers: 200,000 sessions, split by session. */
export const rc15: Experiment = purchases('rc15', { type: 'yoochoose' }, users, sa2cStudy('table 2', rows.rc15));
/** The same sessions, split by time. */
export const rc15Time: Experiment = purchases('rc15-time', { type: 'yoochoose' }, times);
/** The raw events of RetailRocket as in the papers, split by visitor. */
export const retailrocketEvents: Experiment = purchases(
  'retailrocket-events',
  { type: 'retailrocket-events' },
  users,
  sa2cStudy('table 3', rows.retailrocket),
);
/** The same events, split by time. */
export const retailrocketTime: Experiment = purchases('retailrocket-time', { type: 'retailrocket-events' }, times);
