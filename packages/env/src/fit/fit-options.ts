import {
  abortSignal,
  finite,
  flag,
  type Given,
  isObject,
  type OptionsSchema,
  oneOf,
  option,
  positive,
  reference,
  seed,
  share,
  text,
  whole,
} from '@lea/core';
import type { Transitions } from '@lea/data';
import type { Value } from '@lea/tensor';
import * as v from 'valibot';
import type { LoraOptions } from '../language-model/decoders/lora.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { type EnvironmentConfig, LONGEST } from '../model/config.ts';
import { isLanguageModel, LANGUAGE_MODELS } from '../shared/arguments.ts';
import { type TrainingRuntime, trainingRuntimeSchema } from '../shared/runtime.ts';

/** Options of `fitEnvironment`. */
export interface FitEnvironmentOptions extends TrainingRuntime {
  /** Rows to fit on. No other rows reach any parameter. */
  readonly train: Transitions;
  /** Rows that decide which epoch is kept, when to stop, and both calibrations. Without them all epochs run. */
  readonly validation: Transitions | undefined;
  /** Item tokens or text vectors, [items, size]. `null` fits the control that knows ids only (`itemInput: 'id'`). Default: `null`. */
  readonly tokens: Value | null;
  /** Input vector of an item: a free vector, its projected token, or their sum. Default: `id+text`; without tokens `id`. */
  readonly itemInput: EnvironmentConfig['itemInput'] | undefined;
  /**
   * Columns of the text memory, a decayed sum of the history's texts in each state. Items are compared with it for state logits
   * and rewards. It matters most with few users and new items; 0 turns it off. Needs tokens. Default: 128.
   */
  readonly textMemoryWidth: number;
  /**
   * Adds the item's log popularity and its count in the history to the state logits, each with a learned weight. With `false`
   * the decoder has to learn both. Default: true.
   */
  readonly countFeatures: boolean;
  /**
   * Share of the items that a step of the fit, drawn anew, reads as items that no fitted user chose: by text alone, with count 0.
   * Needs tokens. Higher: better rewards against popular items with few users, rankings as good, more epochs. Default: 0.
   */
  readonly itemDropout: number;
  /**
   * Added to the state logits of items that no fitted user chose. Higher: more of them among the first items, fewer known ones.
   * Default: calibrated by likelihood on validation, whose users choose such items at the true rate; 0 without validation.
   */
  readonly unseenOffset: number | undefined;
  /**
   * Vector of a candidate in the score head: its `input` vector, or its `text` alone. With `text` (needs tokens) a free vector
   * cannot encode popularity, which is better against popular negatives with few users. Default: `input`.
   */
  readonly candidateInput: EnvironmentConfig['candidateInput'];
  /** Language model whose decoder is adapted. Default: none, the decoder starts from random weights. */
  readonly languageModel: LanguageModel | undefined;
  /**
   * Words around the history and the candidate, with `{history}` and `{action}`. For example: "The user has played {history}.
   * Would the user enjoy {action}?" The history is read once, a candidate is judged by the state of its last word, and a fit
   * takes about 2 * (words after {history} + 1) times as long. Default: none, items without words.
   */
  readonly prompt: string | undefined;
  /** Decoder weights to train: `all` (best for small decoders), or LoRA adapters only (best for pretrained ones). Default: `all`. */
  readonly adaptation: 'all' | Given<LoraOptions>;
  /** Share of the train users to fit on, drawn by the seed. Default: 1. */
  readonly userShare: number;
  /** Number of recent events that are read of a history. Default: 20. */
  readonly window: number;
  /**
   * Size of states and item vectors. A language model of at most 128 columns whose weights are all trained has its own; the
   * states of others are projected to this size. Default: 64.
   */
  readonly width: number;
  /** Number of decoder layers. A language model has its own. Default: 2. */
  readonly layers: number;
  /** Number of attention heads. A language model has its own, apart from those of the reward head. Default: 2. */
  readonly heads: number;
  /** Dropout rate of inputs, layers and the score head. Higher: less overfitting, more epochs. Default: 0.3. */
  readonly dropout: number;
  /**
   * State loss: the softmax over all items, or over the next item and `sampledItems` drawn ones. Sampling is for catalogs whose
   * logits do not fit in memory or time. Default: `softmax`.
   */
  readonly loss: 'softmax' | 'sampled-softmax';
  /** Number of items drawn uniformly per step with `sampled-softmax`. Higher: closer to the softmax, slower. Default: 1024. */
  readonly sampledItems: number;
  /** Number of other items that the reward loss compares each action with. Higher: less noise, slower. Default: 1. */
  readonly negatives: number;
  /**
   * Power of the item counts by which negatives are drawn; 0 draws uniformly. With 1, rewards say less about popularity and more
   * about taste. Default: 0.
   */
  readonly negativeSamplingPower: number;
  /**
   * Number of score heads. Rewards are their mean, `uncertainty` is their deviation. Higher: more reliable deviations, slower.
   * Default: 1.
   */
  readonly rewardHeads: number;
  /** Weight of the reward loss relative to the state loss. Higher: better rewards, worse rankings. Default: 1. */
  readonly rewardLossWeight: number;
  /** Learning rate of Adam. Higher: fewer epochs, but worse rewards and rankings with few users. Default: 0.001. */
  readonly lr: number;
  /** Approximate number of positions per step. Higher: steadier, more memory. Default: 512. */
  readonly batch: number;
  /** Maximum number of passes over the train rows. Default: 40. */
  readonly epochs: number;
  /**
   * Number of epochs without improvement before the fit stops. The measure is NDCG@10 times the reward accuracy above chance on
   * validation. Default: 4.
   */
  readonly patience: number;
  /** Seed of weights, drawn users, negatives and dropout. Default: 0. */
  readonly seed: number;
  /** Name of the environment in tables. Default: `LE`. */
  readonly name: string;
  /** Aborts the fit. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** The options that must be given. */
export type Needed = 'train';

/** Options as callers give them. */
export type GivenFit = Pick<FitEnvironmentOptions, Needed> & Given<FitEnvironmentOptions>;

/** Maximum sizes of a randomly initialized decoder. */
const LARGEST = 4096;

const adaptation = v.custom<FitEnvironmentOptions['adaptation']>(
  (given) => given === 'all' || (typeof given === 'object' && given !== null),
  'is "all" or LoRA, { rank, alpha, targets }.',
);

const dropped = v.pipe(share, v.ltValue(1, 'is a share below 1: something has to be left.'));
const isVectors = (given: unknown) => isObject(given) && Array.isArray(given.shape) && ArrayBuffer.isView(given.data);

export const fitSchema: OptionsSchema<Omit<FitEnvironmentOptions, Needed>> = {
  validation: option(reference<Transitions>(), undefined),
  tokens: option(
    reference<Value | null>(
      (given) => given === null || isVectors(given),
      'must be vectors of items, with shape and data.',
      'Pass the vectors: const { vectors: tokens } = await learnItemTokens(languageModel, texts).',
    ),
    null,
  ),
  itemInput: option(oneOf('id', 'text', 'id+text'), undefined),
  textMemoryWidth: option(whole(0), 128),
  countFeatures: option(flag, true),
  itemDropout: option(dropped, 0),
  unseenOffset: option(finite(-Number.MAX_VALUE), undefined),
  candidateInput: option(oneOf('text', 'input'), 'input'),
  languageModel: option(
    reference<LanguageModel>(isLanguageModel, 'must be a language model.', LANGUAGE_MODELS),
    undefined,
  ),
  prompt: option(text, undefined),
  adaptation: option(adaptation, 'all'),
  userShare: option(v.pipe(share, v.gtValue(0, 'is a share of the train users, above 0.')), 1),
  window: option(whole(1, LONGEST), 20),
  width: option(whole(1, LARGEST), 64),
  layers: option(whole(1, LARGEST), 2),
  heads: option(whole(1, LARGEST), 2),
  dropout: option(dropped, 0.3),
  loss: option(oneOf('softmax', 'sampled-softmax'), 'softmax'),
  sampledItems: option(whole(1), 1024),
  negatives: option(whole(1), 1),
  negativeSamplingPower: option(finite(0, 2), 0),
  rewardHeads: option(whole(1), 1),
  rewardLossWeight: option(finite(0), 1),
  lr: option(positive, 0.001),
  batch: option(whole(1), 512),
  epochs: option(whole(1), 40),
  patience: option(whole(0), 4),
  seed: option(seed, 0),
  name: option(text, 'LE'),
  ...trainingRuntimeSchema,
  signal: option(abortSignal, undefined),
};
