import { checkChoices, checkRanges, checkSeed, LeaError } from '@lea/core';
import { catalogIdentityOf, checkCatalogIdentity, type Transitions } from '@lea/data';
import type { Value } from '@lea/tensor';
import { checkDecoder, type DecoderConfig } from '../language-model/decoders/config.ts';
import { type LoraOptions, loraOf } from '../language-model/decoders/lora.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { candidateLength, readPrompt } from '../model/candidate-prompt.ts';
import { type EnvironmentConfig, LONGEST } from '../model/config.ts';
import { checkRuntime, TRAINING_RUNTIME, type TrainingRuntime } from '../shared/runtime.ts';

export interface FitEnvironmentOptions extends TrainingRuntime {
  /** Fitted on these, and on nothing else. */
  readonly train: Transitions;
  /** Decides when to stop; without it all epochs are run. */
  readonly validation: Transitions | undefined;
  /** Item tokens or text vectors [items, size]; null: the id-only control. */
  readonly tokens: Value | null;
  /** What an item enters as (default `id+text`, without tokens `id`). */
  readonly itemInput: EnvironmentConfig['itemInput'] | undefined;
  /**
   * Columns of the text memory (with tokens; default 128, 0 for none): states also carry the texts of their history, decayed
   * with age, and items are compared with them, for state logits and rewards. Carries most where users are few and items new.
   */
  readonly textMemoryWidth: number;
  /**
   * State logits also count (default true): a learned weight of the item's log popularity in the fitted rows, and one of its
   * occurrences in the history. False: the decoder has to learn both.
   */
  readonly countFeatures: boolean;
  /**
   * What a candidate is to the score head: `input` (default) what it enters histories as; `text` (with tokens) its text alone,
   * so that a free vector cannot stand for its popularity: better against popular negatives where users are few.
   */
  readonly candidateInput: EnvironmentConfig['candidateInput'];
  /** The language model whose decoder is adapted; without one the decoder begins at random. */
  readonly languageModel: LanguageModel | undefined;
  /**
   * A prompt in the language model's words, such as "The user has played {history}. Would the user enjoy {action}?"
   * (default: none, bare item tokens). The history is read once; a candidate is the words and the action that branch off
   * it, and is judged by the state of its last word. A fit takes about
   * 2 * (words after {history} + 1) times as long.
   */
  readonly prompt: string | undefined;
  /** What of the decoder is trained: all of it (default; right for small ones) or LoRA adapters only (right for pretrained ones). */
  readonly adaptation: 'all' | Partial<LoraOptions>;
  /** Share of the train users that is used, drawn by the seed (default 1). */
  readonly userShare: number;
  /** Most events of a history that are read (default 20). */
  readonly window: number;
  /** Size of states and item vectors (default 64); given by the language model when there is one. */
  readonly width: number;
  /** Decoder layers (default 2); given by the language model when there is one. */
  readonly layers: number;
  /** Attention heads (default 2); given by the language model when there is one. */
  readonly heads: number;
  /** Dropout of inputs, layers and the score head (default 0.3). Higher: less overfitting, more epochs. */
  readonly dropout: number;
  /**
   * What the state loss L_sm compares the next item with: `softmax` (default) all items; `sampled-softmax` the `sampledItems` drawn
   * for each step, for catalogs whose logits would not fit in memory or time.
   */
  readonly loss: 'softmax' | 'sampled-softmax';
  /** Items drawn for a step of `loss: 'sampled-softmax'`, uniformly (default 1024). Higher: nearer to the softmax, slower. */
  readonly sampledItems: number;
  /** Un-interacted items that the reward loss L_rm compares each action with (default 1). Higher: less noise, slower. */
  readonly negatives: number;
  /**
   * They are drawn in proportion to count^negativeSamplingPower of the fitted rows (default 0, uniformly). 1, by popularity:
   * rewards then say less of popularity and more of taste.
   */
  readonly negativeSamplingPower: number;
  /**
   * Score heads (default 1). With several, each begins anew and has its own dropout; rewards are their mean, and
   * `uncertainty` is their deviation. Higher: surer deviations, slower.
   */
  readonly rewardHeads: number;
  /** Weight of the reward loss L_rm beside the state loss L_sm (default 1). */
  readonly rewardLossWeight: number;
  /** Adam's learning rate (default 0.001). Higher: fewer epochs, and with few users worse rewards and rankings. */
  readonly lr: number;
  /** Positions per step, about (default 512). */
  readonly batch: number;
  /** Passes over the train rows at most (default 40). */
  readonly epochs: number;
  /** Epochs without a better validation (NDCG@10 times the accuracy of rewards above a coin's) before stopping (default 4). */
  readonly patience: number;
  readonly seed: number;
  /** Name of the environment, for tables. */
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

/** The options that must be given. */
export type Needed = 'train';

/** Options as callers give them. */
export type GivenFit = Pick<FitEnvironmentOptions, Needed> & Partial<FitEnvironmentOptions>;

export const DEFAULTS: Omit<FitEnvironmentOptions, Needed> = {
  validation: undefined,
  tokens: null,
  itemInput: undefined,
  textMemoryWidth: 128,
  countFeatures: true,
  candidateInput: 'input',
  languageModel: undefined,
  prompt: undefined,
  adaptation: 'all',
  userShare: 1,
  window: 20,
  width: 64,
  layers: 2,
  heads: 2,
  dropout: 0.3,
  loss: 'softmax',
  sampledItems: 1024,
  negatives: 1,
  negativeSamplingPower: 0,
  rewardHeads: 1,
  rewardLossWeight: 1,
  lr: 0.001,
  batch: 512,
  epochs: 40,
  patience: 4,
  seed: 0,
  name: 'LE',
  ...TRAINING_RUNTIME,
  signal: undefined,
};

/** Maximum sizes of a randomly initialized decoder. */
const LARGEST = 4096;

/** @throws LeaError `E_OPTION_VALUE` */
function checkOptions(o: FitEnvironmentOptions): void {
  const given = { ...o, itemInput: o.itemInput ?? 'id' };
  checkChoices('fitEnvironment', given, {
    loss: ['softmax', 'sampled-softmax'],
    candidateInput: ['text', 'input'],
    itemInput: ['id', 'text', 'id+text'],
  });
  checkRanges('fitEnvironment', o, {
    userShare: [0, 1],
    window: [1, LONGEST, 'whole'],
    width: [1, LARGEST, 'whole'],
    layers: [1, LARGEST, 'whole'],
    heads: [1, LARGEST, 'whole'],
    dropout: [0, 1],
    sampledItems: [1, Infinity, 'whole'],
    negatives: [1, Infinity, 'whole'],
    negativeSamplingPower: [0, 2],
    rewardHeads: [1, Infinity, 'whole'],
    textMemoryWidth: [0, Infinity, 'whole'],
    rewardLossWeight: [0, Number.MAX_VALUE],
    lr: [0, Number.MAX_VALUE],
    batch: [1, Infinity, 'whole'],
    epochs: [1, Infinity, 'whole'],
    patience: [0, Infinity, 'whole'],
  });
  checkSeed('fitEnvironment', o.seed);
  checkRuntime('fitEnvironment', o);
  const refuse = (message: string, value: unknown): never => {
    throw new LeaError('E_OPTION_VALUE', `fitEnvironment: ${message}`, { value });
  };
  if (o.userShare === 0) refuse('userShare must be above 0.', o.userShare);
  if (o.dropout === 1) refuse('dropout must be below 1.', o.dropout);
  if (o.lr === 0) refuse('lr must be above 0.', o.lr);
  if (o.adaptation !== 'all' && (typeof o.adaptation !== 'object' || o.adaptation === null)) {
    refuse('adaptation must be "all" or an object of LoRA options { rank, alpha, targets }.', o.adaptation);
  }
  const bad = o.tokens?.data.findIndex((value) => !Number.isFinite(value)) ?? -1;
  if (bad >= 0) refuse(`tokens must be finite, but the value at index ${bad} is not.`, o.tokens!.data[bad]);
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

/**
 * The architecture of the environment described by the options.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY`, `E_TEMPLATE`
 */
export function configOf(o: FitEnvironmentOptions): EnvironmentConfig {
  const items = o.train.sequences.itemIds.length;
  if (o.train.count === 0) throw new LeaError('E_DATA_EMPTY', 'Expected at least one training row, got none.');
  checkOptions(o);
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
  const adaptation = o.adaptation === 'all' ? 'all' : loraOf(decoder, o.adaptation);
  const text = itemInput === 'id' ? undefined : o.tokens!.shape[1]!;
  return {
    decoder,
    items,
    window: o.window,
    itemInput,
    adaptation,
    textMemoryWidth: text === undefined ? 0 : Math.min(o.textMemoryWidth, text),
    countFeatures: o.countFeatures,
    candidateInput: text === undefined ? 'input' : o.candidateInput,
    rewardHeads: o.rewardHeads,
    prompt,
  };
}
