import { miniFolder } from '../../testing/bench.ts';

/** Runs of a study per seed. */
export const PER_SEED = 6;

/** A new folder with a study of short runs of every kind. @param seeds number of seeds */
export function studyFolder(seeds: number): string {
  const agent = { type: 'ce', encoder: { type: 'gru4rec', width: 8 } };
  const train = { batch: 16, maxSteps: 12, evaluateEvery: 2, patience: 20 };
  return miniFolder((config) => ({
    ...config,
    dataset: { type: 'world', users: 40, items: 30 },
    seeds: Array.from({ length: seeds }, (_, seed) => seed),
    baselines: [{ type: 'popularity' }],
    environments: { state: { itemInput: 'id', fit: { epochs: 1, window: 5, layers: 1, width: 8 } } },
    runs: [
      { name: 'plain', agent, train },
      { name: 'wide', agent: { ...agent, encoder: { ...agent.encoder, width: 16 } }, train },
      { name: 'long', agent, train: { ...train, maxSteps: 60 } },
      { name: 'SNQN', agent: { ...agent, type: 'snqn' }, train },
      { name: 'taught', base: 'plain', environment: 'state' },
      { name: 'memory', network: 'taught', base: 'plain', memory: {} },
    ],
  }));
}
