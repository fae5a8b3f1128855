import type { EnvironmentConfig, Experiment, RunConfig } from '../config/schema.ts';

/** All baselines, in the order of the tables. */
export const allBaselines: Experiment['baselines'] = [
  { type: 'popularity' },
  { type: 'repeat-history' },
  { type: 'last-item-markov' },
  { type: 'text-similarity' },
  { type: 'co-occurrence' },
  { type: 'co-occurrence', text: true },
  { type: 'item-knn' },
  { type: 'sknn' },
  { type: 'vsknn' },
  { type: 'stan' },
  { type: 'ease' },
];

/** The faithful SASRec of the SQN/SNQN lineage. */
const encoder = { type: 'sasrec', size: 64, dropout: 0.1 };
/** Batches are drawn independently, as in the lineage: all runs that are compared share the sampler. */
const lineage: RunConfig['train'] = { sampler: { type: 'independent' }, batch: 256 };

/**
 * The ladder that answers whether LEA pays: SASRec with cross-entropy and with SNQN, each alone, with a language-model
 * environment and with an environment that knows ids only (the control).
 *
 * @param options of the language environment (`fit` is the control's as well), and of the training of all runs
 */
export function ladder(
  on: Pick<Experiment, 'name' | 'dataset' | 'split'>,
  options: { environment?: Omit<EnvironmentConfig, 'tokens' | 'tier'>; train?: RunConfig['train'] } = {},
): Experiment {
  const train = { ...lineage, ...options.train };
  const rungs = [
    { name: 'SASRec-CE', agent: { type: 'ce', lr: 0.001, encoder } },
    { name: 'SASRec-SNQN', agent: { type: 'snqn', lr: 0.001, encoder } },
  ];
  return {
    ...on,
    window: 10,
    rewards: { click: 0.2, purchase: 1 },
    seeds: [0],
    baselines: allBaselines,
    environments: {
      language: { ...options.environment, tokens: 'id+text', tier: 'catalogue' },
      'id-only': { tokens: 'id', fit: options.environment?.fit },
    },
    runs: rungs.flatMap(({ name, agent }): RunConfig[] => [
      { name, agent, train },
      { name: `${name}-LEA`, base: name, control: `${name}-LEA (id only)`, environment: 'language' },
      { name: `${name}-LEA (id only)`, base: name, environment: 'id-only' },
    ]),
  };
}
