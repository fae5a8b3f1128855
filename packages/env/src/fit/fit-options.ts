import {
  abortSignal,
  finite,
  flag,
  isObject,
  LeaError,
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
import { catalogIdentityOf, checkCatalogIdentity, type Transitions } from '@lea/data';
import type { Value } from '@lea/tensor';
import * as v from 'valibot';
import { checkDecoder, type DecoderConfig } from '../language-model/decoders/config.ts';
import { type LoraOptions, loraOf } from '../language-model/decoders/lora.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { candidateLength, readPrompt } from '../model/candidate-prompt.ts';
import { type EnvironmentConfig, LONGEST } from '../model/config.ts';
import { isLanguageModel, LANGUAGE_MODELS } from '../shared/arguments.ts';
import { type TrainingRuntime, trainingRuntimeSchema } from '../shared/runtime.ts';

/** Options of `fitEnvironment`. */
export interface FitEnvironmentOptions extends TrainingRuntime {
  /** Rows to fit on. No other rows reach any parameter. */
  readonly train: Transitions;
  /** Rows that decide which epoch is kept, when to stop, and both calibrations. Without them all epochs run. */
  readonly validation: Transitions | undefined;
  /** Item tokens or text vectors, [items, size]. `null` fits the control that knows ids only. Default: `null`. */
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
   * Needs tokens. Higher: more likelihood and better new items with few users, but ids are learned more slowly. Default: 0.
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
  readonly adaptation: 'all' | Partial<LoraOptions>;
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
export type GivenFit = Pick<FitEnvironmentOptions, Needed> & Partial<FitEnvironmentOptions>;

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

/** @throws LeaError `E_OPTION_VALUE` */
function checkTokens({ data }: Value): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new LeaError('E_OPTION_VALUE', `fitEnvironment: tokens must be finite, but the value at index ${bad} is not.`, {
    value: data[bad],
  });
}

/** @throws LeaError `E_DATA_EMPTY`, `E_OPTION_VALUE` */
function checkValidation({ train, validation }: FitEnvironmentOptions): void {
  if (!validation) return;
  if (validation.count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'Expected at least one validation row, got none.', {
      hint: 'Omit validation to run all epochs without early stopping.',
    });
  }
  const { itemIds } = train.sequences;
  checkCatalogIdentity('validation', validation.sequences.itemIds, catalogIdentityOf(itemIds), itemIds.length);
}

/** Language models up to this width can be trained as a whole, with item vectors as their own inputs and outputs. */
const DIRECT = 128;

/** Whether a connector stands between items and the decoder. */
function isConnected({ languageModel, adaptation }: FitEnvironmentOptions): boolean {
  return languageModel !== undefined && (adaptation !== 'all' || languageModel.config.width > DIRECT);
}

/**
 * The architecture of the environment described by the parsed options.
 *
 * @throws LeaError `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY`, `E_TEMPLATE`
 */
export function configOf(o: FitEnvironmentOptions): EnvironmentConfig {
  const items = o.train.sequences.itemIds.length;
  if (o.train.count === 0) throw new LeaError('E_DATA_EMPTY', 'Expected at least one training row, got none.');
  if (o.tokens) checkTokens(o.tokens);
  checkValidation(o);
  const itemInput = o.itemInput ?? (o.tokens ? 'id+text' : 'id');
  if (itemInput !== 'id' && !o.tokens) {
    throw new LeaError('E_OPTION_VALUE', 'This itemInput needs item tokens.', {
      value: itemInput,
      hint: 'Pass tokens (from learnItemTokens or textVectors), or set itemInput to "id".',
    });
  }
  if (o.tokens && (o.tokens.shape.length !== 2 || o.tokens.shape[0] !== items)) {
    throw new LeaError('E_TOKENS_SHAPE', `Expected tokens of shape [${items}, size], one vector per item.`, {
      value: o.tokens.shape,
    });
  }
  const decoder: DecoderConfig = o.languageModel?.config ?? {
    width: o.width,
    layers: o.layers,
    heads: o.heads,
    kvHeads: o.heads,
    mlpWidth: Math.ceil((2.5 * o.width) / 8) * 8,
    normEps: 1e-5,
    ropeTheta: 10000,
  };
  checkDecoder(decoder);
  if (o.prompt !== undefined && !o.languageModel) {
    throw new LeaError('E_OPTION_VALUE', 'A prompt needs a language model.', {
      value: o.prompt,
      hint: 'Pass languageModel (from catalogModel or loadLanguageModel), or omit prompt.',
    });
  }
  const prompt = o.prompt === undefined ? null : readPrompt(o.prompt, o.languageModel!).shape;
  const around = 1 + (prompt ? prompt.before + candidateLength(prompt) : 0);
  if (decoder.maxPositions !== undefined && o.window + around > decoder.maxPositions) {
    throw new LeaError('E_OPTION_VALUE', `The window exceeds the language model's ${decoder.maxPositions} positions.`, {
      value: o.window,
      hint:
        `Set window to at most ${decoder.maxPositions - around}; ` +
        `the start token${prompt ? ' and the prompt take' : ' takes'} ${around} positions.`,
    });
  }
  if (decoder.width % decoder.heads !== 0) {
    throw new LeaError('E_OPTION_VALUE', 'The width of the decoder must be divisible by its number of heads.', {
      value: [decoder.width, decoder.heads],
      hint: 'Choose a language model whose width is a multiple of its heads.',
    });
  }
  if (o.languageModel && !o.tokens && o.itemInput === undefined) {
    throw new LeaError('E_OPTION_VALUE', 'A language model reads items by their tokens.', {
      value: o.tokens,
      hint: 'Pass tokens: (await learnItemTokens(languageModel, texts)).vectors. For the control that knows ids only, set itemInput to "id".',
    });
  }
  const connector = isConnected(o) ? { width: o.width, heads: o.heads } : undefined;
  if (connector && connector.width % connector.heads !== 0) {
    throw new LeaError('E_OPTION_VALUE', 'The width of item vectors must be divisible by heads.', {
      value: [connector.width, connector.heads],
      hint: 'Set width to a multiple of heads.',
    });
  }
  const adaptation = o.adaptation === 'all' ? 'all' : loraOf(decoder, o.adaptation);
  const textWidth = itemInput === 'id' ? undefined : o.tokens!.shape[1]!;
  return {
    decoder,
    ...(connector && { connector }),
    items,
    window: o.window,
    itemInput,
    adaptation,
    textMemoryWidth: textWidth === undefined ? 0 : Math.min(o.textMemoryWidth, textWidth),
    countFeatures: o.countFeatures,
    candidateInput: textWidth === undefined ? 'input' : o.candidateInput,
    rewardHeads: o.rewardHeads,
    prompt,
  };
}
