import type { EnvironmentConfig, Experiment, RunConfig } from '../schema.ts';

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
  { type: 'counting-memory' },
];

/** The baselines that do not read texts. */
export const baselinesWithoutText: Experiment['baselines'] = allBaselines.filter(
  (baseline) => baseline.type !== 'text-similarity' && !('text' in baseline && baseline.text),
);

/** A small transformer: one layer, output weights shared with the item table, loss at the last position. */
export const leanEncoder = {
  type: 'sasrec-modern',
  width: 64,
  layers: 1,
  heads: 2,
  dropout: 0.3,
  everyPosition: false,
} as const;

/** Cross-entropy and SNQN on the same encoder, with a learning rate that suits both. */
export function agents(encoder: object, lr = 0.001): Record<'ce' | 'snqn', NonNullable<RunConfig['agent']>> {
  return { ce: { type: 'ce', lr, encoder }, snqn: { type: 'snqn', lr, encoder } };
}

/** Rows of similar length share a batch, which gives the fastest epochs. */
export const leanTraining: RunConfig['train'] = { sampler: { type: 'permutation', buckets: true }, batch: 256 };

/** All three parts of LEA; only agents with a Q head read the reward. */
export const allParts: NonNullable<RunConfig['use']> = { state: true, reward: true, actions: true };

/** The teachers of runs, by the suffix of the run's name. */
export type Teachers = Readonly<Record<string, Partial<RunConfig>>>;

/**
 * Runs that show what LEA and a counting memory add: the plain agent, the agent taught by an environment, and the controls; then
 * each of these networks with a memory.
 *
 * @param teachers the first is LEA itself, the others are its controls
 * @param further additional networks that also get a memory
 */
export function ladder(
  name: string,
  plain: Pick<RunConfig, 'agent' | 'train'>,
  teachers: Teachers,
  further: readonly RunConfig[] = [],
): RunConfig[] {
  const [lea, ...controls] = Object.keys(teachers).map((ending) => `${name}-LEA${ending}`) as [string, ...string[]];
  const taught = Object.values(teachers).map(
    (teacher, i): RunConfig => ({
      name: [lea, ...controls][i]!,
      base: name,
      ...(i === 0 && controls.length > 0 && { controlRun: controls }),
      use: allParts,
      ...teacher,
    }),
  );
  const networks: RunConfig[] = [{ name, ...plain }, ...taught, ...further];
  const served = networks.map(
    ({ name: network, base, controlRun }): RunConfig => ({
      name: withMemory(network),
      network,
      memory: {},
      ...(base && { base: withMemory(base) }),
      ...(controlRun && { controlRun: [controlRun].flat().map(withMemory) }),
    }),
  );
  return [...networks, ...served];
}

function withMemory(network: string): string {
  return `${network} + memory`;
}

/**
 * A ladder on data with texts: LEA with a language environment, next to three controls: an environment that knows only ids, a
 * teacher that only counts, and random items.
 *
 * @param options of the language environment (`fit` is the control's as well), and of the network and its training; `rl: false`
 *   leaves out the agent with a Q head, whose training takes five times as long
 */
export function languageLadder(
  on: Pick<Experiment, 'name' | 'dataset' | 'split'>,
  options: {
    environment?: Omit<EnvironmentConfig, 'itemInput' | 'tier'>;
    encoder?: object;
    lr?: number;
    train?: RunConfig['train'];
    rl?: boolean;
  } = {},
): Experiment {
  const { environment, encoder, lr, rl = true } = options;
  const { ce, snqn } = agents({ ...leanEncoder, itemInput: 'text-init', ...encoder }, lr);
  const train = { ...leanTraining, ...options.train };
  return {
    ...on,
    window: 10,
    rewards: { click: 0.2, purchase: 1 },
    seeds: [0],
    baselines: allBaselines,
    environments: {
      language: { ...environment, itemInput: 'id+text', tier: 'catalog' },
      'id-only': { itemInput: 'id', fit: environment?.fit },
      counting: { itemInput: 'id+text', tier: 'counting' },
    },
    runs: ladder(
      'CE',
      { agent: ce, train },
      {
        '': { environment: 'language' },
        ' (id only)': { environment: 'id-only' },
        ' (counting)': { environment: 'counting' },
        ' (random)': { environment: 'language', ablation: 'random-positives' },
      },
      rl ? [{ name: 'SNQN-LEA', base: 'CE-LEA', agent: snqn, environment: 'language', use: allParts }] : [],
    ),
  };
}
