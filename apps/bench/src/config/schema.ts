import { entriesOf } from '@lea/core';
import { catalogModelSchema, fitSchema, itemTokenSchema } from '@lea/env/measuring';
import * as v from 'valibot';
import { baseline, memoryOptions } from './baseline-schema.ts';
import { dataset, split } from './dataset-schema.ts';
import {
  count,
  factory,
  flag,
  fromZeroToOne,
  name,
  names,
  notNegative,
  number,
  positive,
  seed,
  text,
} from './schema-values.ts';
import { distinct, strict } from './strict.ts';

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

const training = strict('train', {
  sampler: v.optional(
    v.variant('type', [
      strict('train.sampler', { type: v.literal('independent') }),
      strict('train.sampler', { type: v.literal('permutation'), buckets: v.optional(flag) }),
    ]),
  ),
  batch: v.optional(count),
  evaluateEvery: v.optional(count),
  patience: v.optional(count),
  maxSteps: v.optional(count),
  /** The validation metric that stops the run and selects the best run, e.g. `hr@5` or `ndcg@10/purchase`. */
  metric: v.optional(text),
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
  memory: v.optional(
    strict('run.memory', { ...memoryOptions, fusion: v.optional(v.picklist(['after', 'mixture', 'joint'])) }),
  ),
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
