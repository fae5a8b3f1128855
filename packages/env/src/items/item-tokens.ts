import {
  abortSignal,
  checkArrays,
  contentHash,
  finite,
  fold,
  type Given,
  key,
  type OptionsSchema,
  option,
  parseOptions,
  permutation,
  seed,
  share,
  type Task,
  task,
  whole,
} from '@lea/core';
import { float32, int32, specsOf, type Value } from '@lea/tensor';
import { wordsOf } from '../language-model/decoders/modules.ts';
import { type LanguageModel, type TokenRows, tokenRows } from '../language-model/language-model.ts';
import { perplexityMeter } from '../language-model/perplexity.ts';
import { checkLanguageModels } from '../shared/arguments.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { ready, type TrainingRuntime, trainingRuntimeSchema } from '../shared/runtime.ts';
import { BestVectors } from './best-vectors.ts';
import { itemTokenStep, meanWords } from './item-token-step.ts';

/** Options of `learnItemTokens`. */
export interface ItemTokenOptions extends TrainingRuntime {
  /**
   * Number of items that are learned together. It changes speed and memory only, since each item is learned on its own. Default:
   * 64, fewer if the logits would take more than 512 MiB.
   */
  readonly batch: number | undefined;
  /** Maximum number of Adam steps per item. Higher: better tokens, slower; 0: the mean of the text's word vectors. Default: 30. */
  readonly steps: number;
  /** Learning rate of Adam, in units of the root mean square of the word vectors. Higher: fewer steps, less stable. Default: 0.1. */
  readonly lr: number;
  /**
   * An item is done when five steps lower its best loss by less than this share. A batch is done when all its items are. Higher:
   * faster, less exact. Default: 0.002.
   */
  readonly tolerance: number;
  /**
   * Weight of the squared distance from the mean of the text's word vectors, in units of their mean square, for each predicted
   * token of the text. Many vectors generate a text equally well; near the mean, similar texts have similar tokens, which the
   * environment needs. Higher: closer to a bag of words; 0: whatever generates the text best. Default: 0.45.
   */
  readonly anchorWeight: number;
  /** Seed that decides which other item's token the control gets. Default: 0. */
  readonly seed: number;
  /** Aborts the learning. Default: none. */
  readonly signal: AbortSignal | undefined;
}

export const itemTokenSchema: OptionsSchema<ItemTokenOptions> = {
  batch: option(whole(1), undefined),
  steps: option(whole(0), 30),
  lr: option(finite(0), 0.1),
  tolerance: option(share, 0.002),
  anchorWeight: option(finite(0), 0.45),
  seed: option(seed, 0),
  ...trainingRuntimeSchema,
  signal: option(abortSignal, undefined),
};

const STEPS_PER_CALL = 5;

/** Maximum number of logits (items * tokens per text * vocabulary) per step by default. */
const MOST_LOGITS = 2 ** 27;

/** Maximum number of texts in the perplexity sample. */
const MEASURED_TEXTS = 512;

/** Result of {@link learnItemTokens}. */
export interface ItemTokens {
  /** One vector per item in the space of the input word vectors, [items, width]. */
  readonly vectors: Value;
  /** Perplexity of a sample of item texts, which shows how much the tokens say about their items. */
  readonly perplexity: {
    /** After the item's own token. */
    readonly own: number;
    /** After the start token only. */
    readonly none: number;
    /** After the token of another item; NaN if there is only one item. */
    readonly other: number;
  };
  /** Hash of the language model and the vectors. */
  readonly hash: string;
}

/**
 * Learns one vector per item from which the frozen language model generates the item's text:
 * e = argmin -sum_j log p(w_j | e, w_<j), starting from the mean of the text's word vectors (LEA, SIGIR 2024, Fig. 2a;
 * textual inversion). The result is the best vector of each item. A vector depends only on the text of its item, so vectors
 * of new items can be learned separately.
 *
 * @throws LeaError `E_TEXT_EMPTY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_LOSS_NOT_FINITE`
 */
export function learnItemTokens(
  languageModel: LanguageModel,
  texts: readonly string[],
  options?: Given<ItemTokenOptions>,
): Task<ItemTokens, EnvironmentEvent<'item-tokens'>> {
  return task(() => learning(languageModel, texts, options));
}

async function* learning(
  languageModel: LanguageModel,
  texts: readonly string[],
  options?: Given<ItemTokenOptions>,
): AsyncGenerator<EnvironmentEvent<'item-tokens'>, ItemTokens> {
  checkLanguageModels('learnItemTokens', { languageModel });
  checkArrays('learnItemTokens', { texts });
  const o = parseOptions('learnItemTokens', itemTokenSchema, options);
  const rows = tokenRows(languageModel.tokenizer, texts, languageModel.context);
  const { width } = languageModel.config;
  const words = languageModel.params[wordsOf(languageModel.config)]!;
  const fitting = Math.floor(MOST_LOGITS / (rows.context * words.shape[0]!));
  const size = Math.min(o.batch ?? Math.min(64, Math.max(1, fitting)), rows.count);
  const vectors = meanWords(languageModel, rows);
  const { program, inputs, constants, begin } = itemTokenStep(languageModel, rows, o.lr, o.anchorWeight);
  const batchOf = (which: Int32Array): ReturnType<typeof begin> => {
    const first = new Float32Array(size * width);
    which.forEach((row, b) => {
      first.set(vectors.subarray(row * width, (row + 1) * width), b * width);
    });
    return begin(which, first);
  };
  const some = batchOf(new Int32Array(size));
  const specs = { state: specsOf(some.state), inputs, frozen: specsOf(some.frozen), constants };
  const trainer = await ready(program, specs, o);
  try {
    for (let from = 0; from < rows.count; from += size) {
      const count = Math.min(size, rows.count - from);
      // The last batch is padded with its first row.
      const which = Int32Array.from({ length: size }, (_, b) => from + (b < count ? b : 0));
      const { frozen, ...first } = batchOf(which);
      let { state } = first;
      const best = new BestVectors(vectors.subarray(from * width, (from + count) * width), count, o.tolerance);
      // A step reports the loss before its update, so one more step measures the last update.
      let step = 0;
      while (step <= o.steps && !best.allDone) {
        o.signal?.throwIfAborted();
        const K = Math.min(STEPS_PER_CALL, o.steps + 1 - step);
        const result = await trainer.run({ state, inputs: { step: int32(new Int32Array(K), [K]) }, frozen, steps: K });
        state = result.state;
        best.take(result.outputs.losses!.data as Float32Array, result.outputs.vectors!.data as Float32Array, K);
        step += K;
      }
      const tokens = rows.weights.subarray(from * rows.context, (from + count) * rows.context);
      const loss = best.loss / tokens.reduce((a, b) => a + b, 0);
      const metrics = { loss, steps: Math.min(step, o.steps) };
      yield { stage: 'item-tokens', done: from + count, total: rows.count, unit: 'items', metrics };
    }
    const perplexity = await measure(languageModel, rows, vectors, size, o);
    yield { stage: 'item-tokens', done: rows.count, total: rows.count, unit: 'items', metrics: { ...perplexity } };
    return {
      vectors: float32(vectors, [rows.count, width]),
      perplexity,
      hash: contentHash(languageModel.hash, vectors),
    };
  } finally {
    await trainer.dispose();
  }
}

/** Perplexity of a sample of texts after the item's own vector, the start token, and another item's vector. */
async function measure(
  languageModel: LanguageModel,
  rows: TokenRows,
  vectors: Float32Array,
  size: number,
  o: ItemTokenOptions,
): Promise<ItemTokens['perplexity']> {
  const { width } = languageModel.config;
  const meter = await perplexityMeter(rows, languageModel.config, languageModel.params, size, o);
  try {
    const order = permutation(fold(key(o.seed), 'item token control'), rows.count);
    const sample = order.subarray(0, Math.min(rows.count, MEASURED_TEXTS));
    const of = (i: number): Float32Array => {
      const item = sample[i % sample.length]!;
      return vectors.subarray(item * width, (item + 1) * width);
    };
    return {
      own: await meter.run(languageModel.params, sample, of),
      none: await meter.run(languageModel.params, sample),
      other: sample.length > 1 ? await meter.run(languageModel.params, sample, (i) => of(i + 1)) : Number.NaN,
    };
  } finally {
    await meter.dispose();
  }
}
