import { memorySchema } from '@lea/agents';
import { entriesOf } from '@lea/core';
import { datasetTypes } from '@lea/data';
import { catalogModelSchema, fitSchema, itemTokenSchema } from '@lea/env/measuring';
import { baselineTypes } from '@lea/eval';
import { trainSchema } from '@lea/train';
import * as v from 'valibot';
import { distinct, options, strict, withDefined } from './strict.ts';

/** JSON has no Infinity, but 1e400 is parsed as Infinity. */
const number = v.pipe(v.number(), v.finite('expected a finite number, at most 1.8e308.'));
const seed = v.pipe(
  v.number(),
  v.safeInteger('expected a whole number below 2^53 as the seed.'),
  // Turns -0 into 0.
  v.transform((given) => given + 0),
);
/** The largest count: indices are int32. */
const most = 2 ** 31 - 1;
const count = v.pipe(number, v.integer(), v.minValue(1), v.maxValue(most));
const positive = v.pipe(number, v.gtValue(0));
const notNegative = v.pipe(number, v.minValue(0));
const fromZeroToOne = v.pipe(number, v.minValue(0), v.maxValue(1));
const flag = v.boolean();
/** Names become folder names with a hash and a seed; file systems allow 255 bytes. */
const longest = v.maxLength<string, 100, string>(100, 'expected a name of at most 100 characters.');
const name = v.pipe(v.string(), v.nonEmpty(), longest);
/** A path or a template. */
const text = v.pipe(v.string(), v.nonEmpty());
const names = v.union([name, v.pipe(v.array(name), v.minLength(1), distinct('name'))]);
/** `{ type, ...options }` of a factory in the libraries, which checks the options itself. */
const factory = v.looseObject({ type: name });

const columns = strict('dataset.columns', {
  user: v.optional(text),
  item: v.optional(text),
  time: v.optional(text),
  kind: v.optional(text),
  history: v.optional(text),
});

/** Options of `readInteractions` and `readItemTexts`, documented in @lea/data. */
const reading = {
  ...options(['delimiter', 'encoding'], text),
  quote: v.optional(v.nullable(text)),
  header: v.optional(v.pipe(v.array(text), v.minLength(1))),
  missing: v.optional(v.array(v.string())),
  trim: v.optional(flag),
  maxRecordSize: v.optional(count),
};

const includedDataset = v.variant('type', [
  strict('dataset', {
    type: v.literal('world'),
    seed: v.optional(seed),
    users: v.optional(count),
    items: v.optional(count),
  }),
  strict('dataset', { type: v.literal('industrial') }),
  strict('dataset', { type: v.literal('lastfm') }),
  strict('dataset', { type: v.literal('retailrocket') }),
  strict('dataset', {
    type: v.literal('files'),
    /** Paths are relative to the config file, or to --data. */
    interactions: text,
    itemTexts: v.optional(text),
    columns: v.optional(columns),
    /** Raw value -> kind, e.g. `{ "view": "click", "seen": null }`: null drops the events. */
    kinds: v.optional(v.record(v.string(), v.nullable(v.string()))),
    /** Separator between the items of a history in one cell. */
    separator: v.optional(v.pipe(v.string(), v.nonEmpty())),
    ...reading,
    /** How item texts are built: the id column, a template such as "{title} by {brand}", and a file that maps raw ids to ids. */
    text: v.optional(
      strict('dataset.text', {
        column: v.optional(text),
        template: v.optional(text),
        index: v.optional(text),
        ...reading,
      }),
    ),
  }),
]);

/** Types that packages define check their own options. */
const dataset = withDefined('dataset', includedDataset, datasetTypes);

const split = v.variant('type', [
  strict('split', {
    type: v.literal('by-user'),
    seed: v.optional(seed),
    fractions: v.optional(v.tuple([positive, positive, positive])),
  }),
  /** A JSON file `{ validation: [ids], test: [ids] }`, or the name of a built-in list. */
  strict('split', { type: v.literal('user-lists'), lists: text }),
  strict('split', { type: v.literal('leave-one-out') }),
  strict('split', { type: v.literal('by-time'), validationFrom: number, testFrom: number }),
]);

/** The options of `catalogModel`, `learnItemTokens` and `fitEnvironment` that JSON can express, documented in @lea/env. */
export const languageModel = strict(
  'environment.languageModel',
  entriesOf(catalogModelSchema, [
    'vocabSize',
    'width',
    'layers',
    'heads',
    'kvHeads',
    'mlpWidth',
    'context',
    'epochs',
    'batch',
    'lr',
    'reconstructionShare',
    'validationShare',
  ]),
);
export const itemTokens = strict(
  'environment.itemTokens',
  entriesOf(itemTokenSchema, ['batch', 'steps', 'lr', 'tolerance', 'anchorWeight']),
);
export const fit = strict('environment.fit', {
  ...entriesOf(fitSchema, [
    'window',
    'width',
    'layers',
    'heads',
    'batch',
    'epochs',
    'sampledItems',
    'negatives',
    'rewardHeads',
    'patience',
    'textMemoryWidth',
    'countFeatures',
    'userShare',
    'dropout',
    'rewardLossWeight',
    'lr',
    'candidateInput',
    'loss',
    'negativeSamplingPower',
  ]),
  prompt: v.optional(text),
  adaptation: v.optional(
    v.union([
      v.literal('all'),
      strict('environment.fit.adaptation', {
        rank: v.optional(count),
        alpha: v.optional(positive),
        targets: v.optional(v.pipe(v.array(name), v.minLength(1))),
      }),
    ]),
  ),
});

/** The options of `countingMemory` that JSON can express, documented in @lea/agents. */
const memoryOptions = {
  /** Whether the memory uses text similarity; by default if there are texts. */
  text: v.optional(flag),
  ...entriesOf(memorySchema, ['horizon', 'gateRows', 'gateSteps', 'smoothing', 'textPower']),
  // The library also takes Infinity, which JSON does not have.
  ...options(['neighbors', 'textNeighbors'], count),
};

const environment = strict('environment', {
  /** How the environment represents an item; `id` is the control without language. */
  itemInput: v.picklist(['id+text', 'text', 'id']),
  /**
   * `catalog`: a small model trained on the catalog's own texts; `encoder`: frozen text vectors of a pretrained model.
   * With item input `id`, `catalog` initializes the decoder from that small model. `counting`: a counting memory teaches, as a
   * control without a network.
   */
  tier: v.optional(v.picklist(['catalog', 'encoder', 'counting'])),
  /** For tier `encoder`: the feature-extraction model, as a folder relative to the config file or a name. */
  model: v.optional(text),
  languageModel: v.optional(languageModel),
  itemTokens: v.optional(itemTokens),
  fit: v.optional(fit),
  /**
   * Number of folds for cross-fitting (`crossFit` of @lea/env): the train users are divided into folds, and each fold is
   * annotated by an environment that was fitted on the others. By default one environment is fitted on all train users.
   */
  folds: v.optional(v.pipe(count, v.minValue(2))),
});

/** The options of `fit` that JSON can express, documented in @lea/train. */
const training = strict('train', {
  sampler: v.optional(
    v.variant('type', [
      strict('train.sampler', { type: v.literal('independent') }),
      strict('train.sampler', { type: v.literal('permutation'), buckets: v.optional(flag) }),
    ]),
  ),
  /** `metric` stops the run and selects the best run, e.g. `hr@5` or `ndcg@10/purchase`. */
  ...entriesOf(trainSchema, ['batch', 'evaluateEvery', 'patience', 'metric']),
  // `fit` also takes Infinity, which JSON does not have.
  maxSteps: v.optional(count),
});

const run = strict('run', {
  name,
  /** The run that this one is compared with; `agent` and `train` default to those of the base. */
  base: v.optional(name),
  /** One or more control runs, which show how much of the gain a control achieves as well. */
  controlRun: v.optional(names),
  agent: v.optional(factory),
  train: v.optional(training),
  /** The run whose trained network this run uses, to add a memory without training again. */
  network: v.optional(name),
  /** The counting memory of the policy, and how it is combined with the network (`fit` of @lea/train). */
  memory: v.optional(strict('run.memory', { ...memoryOptions, ...entriesOf(trainSchema, ['fusion']) })),
  /** The environments that teach the run, in equal parts. */
  environment: v.optional(names),
  use: v.optional(strict('run.use', { state: v.optional(flag), reward: v.optional(flag), actions: v.optional(flag) })),
  positivesWeight: v.optional(notNegative),
  k: v.optional(count),
  temperature: v.optional(positive),
  stateForm: v.optional(v.picklist(['targets', 'vectors', 'both'])),
  rewardForm: v.optional(v.picklist(['sigmoid', 'calibrated', 'standardized', 'raw'])),
  rewardMix: v.optional(fromZeroToOne),
  /** How the environment selects positives: options of `annotate` in @lea/env. */
  rankBy: v.optional(v.picklist(['state', 'reward'])),
  shortlist: v.optional(count),
  popularityCorrection: v.optional(notNegative),
  excludeSeen: v.optional(flag),
  pessimism: v.optional(notNegative),
  /** Destroys the environment's signal on purpose, to show how much of a gain depends on it. */
  ablation: v.optional(v.picklist(['none', 'random-positives', 'shuffled-rewards'])),
});

/** How the items of the window are scored. */
const repeat = v.optional(v.union([number, v.literal('never')]));
const sessionKnn = { ...options(['neighbors', 'sample'], count), repeat };

/** Options of the baselines in @lea/eval. Options with a grid are tuned on validation by default. */
const includedBaseline = v.variant('type', [
  strict('baseline', { type: v.literal('popularity') }),
  strict('baseline', { type: v.literal('repeat-history') }),
  strict('baseline', { type: v.literal('last-item-markov') }),
  strict('baseline', { type: v.literal('text-similarity') }),
  strict('baseline', { type: v.literal('counting-memory'), ...memoryOptions }),
  strict('baseline', {
    type: v.literal('co-occurrence'),
    text: v.optional(flag),
    textNormalized: v.optional(flag),
    repeat,
  }),
  strict('baseline', {
    type: v.literal('item-knn'),
    countPower: v.optional(fromZeroToOne),
    decay: v.optional(fromZeroToOne),
    neighbors: v.optional(count),
    repeat,
  }),
  strict('baseline', { type: v.literal('sknn'), ...sessionKnn }),
  strict('baseline', { type: v.literal('vsknn'), ...sessionKnn }),
  strict('baseline', {
    type: v.literal('stan'),
    ...sessionKnn,
    ...options(['positionScale', 'ageScale', 'distanceScale'], positive),
    backward: v.optional(notNegative),
  }),
  strict('baseline', {
    type: v.literal('ease'),
    regularization: v.optional(positive),
    decay: v.optional(fromZeroToOne),
    repeat,
  }),
]);

const baseline = withDefined('baseline', includedBaseline, baselineTypes);

/** Cutoffs of the metrics; 10 is always included, because results are compared at 10. */
const ks = v.pipe(
  v.array(count),
  v.minLength(1),
  v.transform((given) => [...new Set([...given, 10])].sort((a, b) => a - b)),
);

/** An experiment: a data set, a protocol and the runs to compare. */
export const experimentSchema = strict('The config', {
  /** Packages that define types in the config; they are imported before the config is checked. */
  packages: v.optional(
    v.array(v.pipe(v.string(), v.regex(/^(@[\w.-]+\/)?[\w.-]+$/, 'expected the npm name of a package, not a path.'))),
  ),
  name: v.pipe(
    name,
    v.regex(/^[\w.-]+$/, 'expected letters, digits, "-", "_" or ".", because the name becomes a folder.'),
    v.regex(/[^.]/, 'expected more than dots, because the name becomes a folder.'),
  ),
  dataset,
  split,
  window: v.pipe(count, v.maxValue(4096)),
  rewards: v.record(v.string(), number),
  ks: v.optional(ks),
  /** Additional metrics in the tables, e.g. `mrr@5` or `hr@20/purchase`. */
  metrics: v.optional(v.pipe(v.array(text), distinct('metric'))),
  seeds: v.pipe(v.array(seed), v.minLength(1), distinct('seed')),
  threads: v.optional(v.pipe(count, v.maxValue(1024))),
  baselines: v.pipe(v.array(baseline), distinct('baseline')),
  environments: v.optional(v.record(name, environment)),
  runs: v.array(run),
});

export type Experiment = v.InferOutput<typeof experimentSchema>;
export type DatasetConfig = Experiment['dataset'];
export type SplitConfig = Experiment['split'];
export type EnvironmentConfig = NonNullable<Experiment['environments']>[string];
export type RunConfig = Experiment['runs'][number];
export type BaselineConfig = Experiment['baselines'][number];
/** Baselines that need no separate counting step. */
export type CountedBaseline = Exclude<BaselineConfig, { type: 'counting-memory' }>;
export type MemoryConfig = Omit<NonNullable<RunConfig['memory']>, 'fusion'>;
