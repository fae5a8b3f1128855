import { LeaError } from '@lea/core';
import { catalogIdentityOf, checkCatalogIdentity } from '@lea/data';
import type { Value } from '@lea/tensor';
import { checkDecoder, type DecoderConfig } from '../language-model/decoders/config.ts';
import { loraOf } from '../language-model/decoders/lora.ts';
import { candidateLength, readPrompt } from '../model/candidate-prompt.ts';
import type { EnvironmentConfig } from '../model/config.ts';
import { type FitEnvironmentOptions, fitSchema } from './fit-options.ts';

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

/** Options that change nothing in a fit without item tokens. */
const TOKEN_OPTIONS = ['textMemoryWidth', 'itemDropout', 'candidateInput'] as const;

type TokenOption = (typeof TOKEN_OPTIONS)[number];

/** The first given option that would change something if there were item tokens: it is neither the default nor off. */
export function needsTokens(
  fit: Readonly<{ [K in TokenOption]?: FitEnvironmentOptions[K] | undefined }>,
): TokenOption | undefined {
  return TOKEN_OPTIONS.find((name) => ![undefined, 0, fitSchema[name].default].includes(fit[name]));
}

/** Refuses what has no effect. @throws LeaError `E_OPTION_VALUE` */
function checkUnread(o: FitEnvironmentOptions): void {
  if (o.tokens) {
    throw new LeaError('E_OPTION_VALUE', 'fitEnvironment: with itemInput "id" the tokens have no effect.', {
      value: o.tokens.shape,
      hint: 'Omit tokens, or set itemInput to "id+text" or "text".',
    });
  }
  const name = needsTokens(o);
  if (!name) return;
  throw new LeaError('E_OPTION_VALUE', `fitEnvironment: without item tokens ${name} has no effect.`, {
    value: o[name],
    hint: `Omit ${name}, or pass tokens (from learnItemTokens or textVectors).`,
  });
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
  if (itemInput === 'id') checkUnread(o);
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
