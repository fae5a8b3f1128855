import { entriesOf } from '@lea/core';
import { catalogModelSchema, fitSchema, itemTokenSchema } from '@lea/env/measuring';
import { recommendSchema } from '@lea/eval';
import { signalPartsSchema, signalSchema, trainSchema } from '@lea/train';
import * as v from 'valibot';
import { baseline, memoryOptions } from './baseline-schema.ts';
import { dataset, split } from './dataset-schema.ts';
import {
  count,
  described,
  factory,
  flag,
  name,
  names,
  notNegative,
  number,
  positive,
  seed,
  text,
} from './schema-values.ts';
import { search, tuned } from './search-schema.ts';
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
    'itemDropout',
    'unseenOffset',
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
  itemInput: described(
    v.picklist(['id+text', 'text', 'id']),
    'How the environment represents an item. "id" is the control without language.',
  ),
  /** With item input `id`, `catalog` and `decoder` initialize the decoder from their model. */
  tier: v.optional(
    described(
      v.picklist(['catalog', 'encoder', 'decoder', 'counting']),
      '"catalog": a small language model, trained on the item texts. "encoder": frozen text vectors of a pretrained model. ' +
        '"decoder": a pretrained language model, adapted by LoRA unless fit.adaptation says otherwise. "counting": a ' +
        'counting memory teaches, as a control without a network. Default: "catalog".',
    ),
  ),
  model: v.optional(
    described(
      text,
      'Model of tier "encoder" or "decoder": a folder beside the config, the name of a model or, for "decoder", a GGUF file.',
    ),
  ),
  languageModel: v.optional(languageModel),
  itemTokens: v.optional(itemTokens),
  fit: v.optional(fit),
  /** `crossFit` of @lea/env. */
  folds: v.optional(
    described(
      v.pipe(count, v.minValue(2)),
      'Number of folds for cross-fitting: each fold of train users is annotated by an environment that was fitted on the ' +
        'others. Default: none, one environment is fitted on all train users.',
    ),
  ),
  annotationRows: v.optional(
    described(
      count,
      'Number of rows per job of the annotation, rounded up to whole files of 4,096 rows. Lower: more jobs that processes and ' +
        'machines can share, each of which loads the environment. Default: 65,536.',
    ),
  ),
});

/** The options of `fit` that JSON can express, documented in @lea/train. */
const training = strict('train', {
  sampler: v.optional(
    v.variant('type', [
      strict('train.sampler', { type: v.literal('independent') }),
      strict('train.sampler', { type: v.literal('permutation'), buckets: v.optional(flag) }),
      strict('train.sampler', { type: v.literal('sequences'), buckets: v.optional(flag) }),
    ]),
  ),
  ...entriesOf(trainSchema, ['batch', 'evaluateEvery', 'patience', 'metric']),
  // `fit` also takes Infinity, which JSON does not have.
  maxSteps: v.optional(count),
});

const run = strict('run', {
  name: described(name, 'Name of the run in tables and folders.'),
  base: v.optional(
    described(name, 'The run that this one is compared with. "agent" and "train" default to those of the base.'),
  ),
  inherit: v.optional(
    described(flag, 'false: the run takes neither "agent" nor options of "train" from its base. Default: true.'),
  ),
  controlRun: v.optional(
    described(names, 'One or more runs that show how much of the gain a control achieves as well.'),
  ),
  agent: v.optional(described(factory, 'Agent and its options, with the encoder and its options.')),
  train: v.optional(described(training, 'Options of training. Compare only runs with the same sampler.')),
  network: v.optional(
    described(name, 'The earlier run whose trained network this run uses, to add a memory without training again.'),
  ),
  memory: v.optional(
    described(
      strict('run.memory', { ...memoryOptions, ...entriesOf(trainSchema, ['fusion']) }),
      'The counting memory of the policy, and how it is combined with the network.',
    ),
  ),
  environment: v.optional(described(names, 'The environment that teaches the run, or several in equal parts.')),
  use: v.optional(strict('run.use', entriesOf(signalPartsSchema, ['state', 'reward', 'actions']))),
  ...entriesOf(signalSchema, ['positivesWeight', 'temperature', 'stateForm', 'rewardForm', 'rewardMix']),
  // `annotate` reads it as well.
  k: v.optional(count),
  /** How the environment selects positives: options of `annotate` in @lea/env. */
  rankBy: v.optional(v.picklist(['state', 'reward'])),
  shortlist: v.optional(count),
  popularityCorrection: v.optional(notNegative),
  excludeSeen: v.optional(flag),
  pessimism: v.optional(notNegative),
  ...entriesOf(signalSchema, ['ablation']),
});

/** A row of another study, which tables show beside the measured ones. */
const published = strict('published', {
  name: described(name, 'Name of the model in the other study.'),
  metrics: described(
    v.pipe(v.record(text, number), v.minEntries(1)),
    'Its metrics by their names in the tables, for example { "ndcg@10": 0.0318 }.',
  ),
  source: described(text, 'The study, and the table in it.'),
  protocol: described(text, 'How it measured: data, split, ranking, and what differs from this config.'),
});

/** Cutoffs of the metrics; 10 is always included, because results are compared at 10. */
const ks = v.pipe(
  v.array(count),
  v.minLength(1),
  v.description('Cutoffs of the metrics. 10 is always added. Default: 5, 10 and 20.'),
  v.transform((given) => [...new Set([...given, 10])].sort((a, b) => a - b)),
);

/** An experiment: a data set, a protocol and the runs to compare. */
export const experimentSchema = strict('The config', {
  $schema: v.optional(described(v.string(), 'Path or URL of this schema. Only editors read it.')),
  packages: v.optional(
    described(
      v.array(v.pipe(v.string(), v.regex(/^(@[\w.-]+\/)?[\w.-]+$/, 'expected the npm name of a package, not a path.'))),
      'Packages that define types in the config. They are imported before the config is checked.',
    ),
  ),
  name: described(
    v.pipe(
      name,
      v.regex(/^[\w.-]+$/, 'expected letters, digits, "-", "_" or ".", because the name becomes a folder.'),
      v.regex(/[^.]/, 'expected more than dots, because the name becomes a folder.'),
    ),
    'Name of the experiment and of its folder.',
  ),
  dataset: described(dataset, 'Events and item texts.'),
  split: described(split, 'How the log is split into train, validation and test.'),
  window: described(v.pipe(count, v.maxValue(4096)), 'Number of newest events that a policy reads of a history.'),
  rewards: described(
    v.union([v.record(v.string(), number), v.literal('logged')]),
    'Reward of each kind of event, or "logged" for the rewards of the log: its column "reward".',
  ),
  ks: v.optional(ks),
  exclude: v.optional(
    described(
      v.picklist(['none', 'seen']),
      '"seen" leaves the items of the history out of the ranking, on test and in the choice of the constants of baselines. ' +
        'Early stopping and the weights of memories rank all items. Default: "none".',
    ),
  ),
  metrics: v.optional(
    described(
      v.pipe(v.array(text), distinct('metric')),
      'Additional metrics in the tables, for example "mrr@5" or "hr@20/purchase".',
    ),
  ),
  lists: v.optional(
    described(
      strict('lists', {
        metrics: described(
          v.pipe(v.array(text), v.minLength(1), distinct('metric')),
          'Metrics of the lists, for example "coverage@10" or "novelty@10": those of listMetrics in @lea/eval.',
        ),
        ...entriesOf(recommendSchema, ['per']),
      }),
      'Also measures the lists that every model recommends to the test users. Default: none, lists are not made.',
    ),
  ),
  offPolicy: v.optional(
    described(
      strict('offPolicy', {
        events: v.optional(
          described(
            count,
            'Number of test events in the log, drawn at random. Higher: narrower intervals, more time. Default: 4,000.',
          ),
        ),
        seed: v.optional(described(seed, 'Seed of the sample. Default: 0.')),
        reference: v.optional(
          described(
            name,
            'The run or baseline that differences are to, by its name in the tables. Default: the log itself.',
          ),
        ),
      }),
      'Also estimates the mean reward of every model as a stochastic policy, off-policy, by the test events. The hash of runs ' +
        'does not contain it. Default: none, nothing is estimated.',
    ),
  ),
  seeds: described(v.pipe(v.array(seed), v.minLength(1), distinct('seed')), 'Every run is trained once for each seed.'),
  threads: v.optional(described(v.pipe(count, v.maxValue(1024)), 'Number of threads. Default: 2 on every machine.')),
  baselines: described(
    v.pipe(v.array(baseline), distinct('baseline')),
    'Baselines. Validation selects the constants that are left out.',
  ),
  environments: v.optional(described(v.record(name, environment), 'The environments that teach runs, by name.')),
  runs: described(v.array(run), 'The runs to compare.'),
  published: v.optional(
    described(
      v.array(published),
      'Rows of other studies. Tables show them below the measured ones, marked, with source and protocol. Nothing is ' +
        'concluded from them.',
    ),
  ),
  search: v.optional(described(search, 'How the command search tunes runs on validation. No other command reads it.')),
  tuned: v.optional(described(tuned, 'How runs were tuned. The command search writes it, and reports tell it.')),
});

export type Experiment = Omit<v.InferOutput<typeof experimentSchema>, '$schema'>;
export type DatasetConfig = Experiment['dataset'];
export type SplitConfig = Experiment['split'];
export type EnvironmentConfig = NonNullable<Experiment['environments']>[string];
export type RunConfig = Experiment['runs'][number];
export type BaselineConfig = Experiment['baselines'][number];
/** Baselines that need no separate counting step. */
export type CountedBaseline = Exclude<BaselineConfig, { type: 'counting-memory' }>;
/** A row of another study. */
export type Published = NonNullable<Experiment['published']>[number];
export type MemoryConfig = Omit<NonNullable<RunConfig['memory']>, 'fusion'>;
