import {
  finite,
  flag,
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
import { type TrainingRuntime, trainingRuntimeSchema } from '../shared/runtime.ts';

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

/** Largest size of a decoder that begins at random. */
const LARGEST = 4096;

const adaptation = v.custom<FitEnvironmentOptions['adaptation']>(
  (given) => given === 'all' || (typeof given === 'object' && given !== null),
  'is "all" or LoRA, { rank, alpha, targets }.',
);

export const fitSchema: OptionsSchema<Omit<FitEnvironmentOptions, Needed>> = {
  validation: option(reference<Transitions>(), undefined),
  tokens: option(reference<Value | null>(), null),
  itemInput: option(oneOf('id', 'text', 'id+text'), undefined),
  textMemoryWidth: option(whole(0), 128),
  countFeatures: option(flag, true),
  candidateInput: option(oneOf('text', 'input'), 'input'),
  languageModel: option(reference<LanguageModel>(), undefined),
  prompt: option(text, undefined),
  adaptation: option(adaptation, 'all'),
  userShare: option(v.pipe(share, v.gtValue(0, 'is a share of the train users, above 0.')), 1),
  window: option(whole(1, LONGEST), 20),
  width: option(whole(1, LARGEST), 64),
  layers: option(whole(1, LARGEST), 2),
  heads: option(whole(1, LARGEST), 2),
  dropout: option(v.pipe(share, v.ltValue(1, 'is a share below 1: something has to be left.')), 0.3),
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
  signal: option(reference<AbortSignal>(), undefined),
};

/** @throws LeaError `E_OPTION_VALUE` */
function checkTokens({ data }: Value): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new LeaError('E_OPTION_VALUE', `fitEnvironment: tokens hold a value that is no finite number, at ${bad}.`, {
    value: data[bad],
  });
}

/** @throws LeaError `E_DATA_EMPTY`, `E_OPTION_VALUE` */
function checkValidation({ train, validation }: FitEnvironmentOptions): void {
  if (!validation) return;
  if (validation.count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'There are no validation rows to stop by.', {
      hint: 'Leave validation out: all epochs are run then.',
    });
  }
  const { itemIds } = train.sequences;
  checkCatalogIdentity('validation', validation.sequences.itemIds, catalogIdentityOf(itemIds), itemIds.length);
}

/** The environment that parsed options describe. @throws LeaError `E_OPTION_VALUE`, `E_TOKENS_SHAPE`, `E_DATA_EMPTY`, `E_TEMPLATE` */
export function configOf(o: FitEnvironmentOptions): EnvironmentConfig {
  const items = o.train.sequences.itemIds.length;
  if (o.train.count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no train rows to fit an environment on.');
  if (o.tokens) checkTokens(o.tokens);
  checkValidation(o);
  const itemInput = o.itemInput ?? (o.tokens ? 'id+text' : 'id');
  if (itemInput !== 'id' && !o.tokens) {
    throw new LeaError('E_OPTION_VALUE', 'That itemInput needs item tokens.', {
      value: itemInput,
      hint: 'Give tokens (learnItemTokens, textVectors), or take itemInput "id".',
    });
  }
  if (o.tokens && (o.tokens.shape.length !== 2 || o.tokens.shape[0] !== items)) {
    throw new LeaError('E_TOKENS_SHAPE', `The tokens must be one vector for each of the ${items} items.`, {
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
    throw new LeaError('E_OPTION_VALUE', 'A prompt is in the words of a language model.', {
      value: o.prompt,
      hint: 'Give languageModel (catalogModel, loadLanguageModel), or leave prompt out.',
    });
  }
  const prompt = o.prompt === undefined ? null : readPrompt(o.prompt, o.languageModel!).shape;
  const around = 1 + (prompt ? prompt.before + candidateLength(prompt) : 0);
  if (decoder.maxPositions !== undefined && o.window + around > decoder.maxPositions) {
    throw new LeaError('E_OPTION_VALUE', `The language model has ${decoder.maxPositions} positions.`, {
      value: o.window,
      hint: `Take a window of at most ${decoder.maxPositions - around} events: the start token${prompt ? ' and the prompt need' : ' needs'} ${around}.`,
    });
  }
  if (decoder.width % decoder.heads !== 0) {
    throw new LeaError('E_OPTION_VALUE', 'The score head divides the width among the heads of the decoder.', {
      value: [decoder.width, decoder.heads],
      hint: 'Take a language model whose width is a multiple of its heads.',
    });
  }
  const adaptation = o.adaptation === 'all' ? 'all' : loraOf(decoder, o.adaptation);
  const textWidth = itemInput === 'id' ? undefined : o.tokens!.shape[1]!;
  return {
    decoder,
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
