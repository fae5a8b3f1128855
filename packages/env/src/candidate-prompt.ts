import { LeaError } from '@lea/core';
import { float32, type Tensors, type Value } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import type { DecoderMode } from './decoders/decode.ts';
import { causalMask } from './decoders/masks.ts';
import { wordsOf } from './decoders/modules.ts';
import type { EnvironmentConfig } from './environment-model.ts';
import type { LanguageModel } from './language-model.ts';
import { templateParts } from './prompted/template.ts';

/** A prompt in tokens of the language model: their numbers before the history, up to the action, and after it. */
export interface PromptShape {
  readonly text: string;
  readonly before: number;
  readonly between: number;
  readonly after: number;
}

/**
 * Reads a prompt such as "The user has played {history}. Would the user enjoy {action}?".
 *
 * @returns its shape, and the vectors of its words as they enter the decoder, [words, width]
 * @throws LeaError `E_TEMPLATE` naming a slot that is missing, unknown, given twice or in the wrong order
 */
export function readPrompt(text: string, lm: LanguageModel): { shape: PromptShape; words: Value } {
  const parts = templateParts(text);
  if (parts.length !== 5 || parts[1] !== 'history') {
    throw new LeaError('E_TEMPLATE', 'A prompt has {history} once and then {action} once.', {
      value: text,
      hint: 'The candidates follow the history, so that it is read once for all of them.',
    });
  }
  const pieces = [parts[0]!, parts[2]!, parts[4]!].map((piece) => (piece === '' ? [] : lm.tokenizer.encode(piece)));
  const [before, between, after] = pieces.map((ids) => ids.length) as [number, number, number];
  const { width, wordScale = 1 } = lm.config;
  const table = lm.params[wordsOf(lm.config)]!.data;
  const words = Float32Array.from(pieces.flat().flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]));
  return {
    shape: { text, before, between, after },
    words: float32(
      words.map((v) => v * wordScale),
      [words.length / width, width],
    ),
  };
}

/** What stands before a history: the start vector and the prompt's first words, [opening, width]. */
export function openingOf(params: Tensors, { prompt }: EnvironmentConfig): tf.Tensor {
  const { before = 0 } = prompt ?? {};
  return before === 0 ? params.start! : tf.concat([params.start!, tf.slice(params['prompt.words']!, 0, before)], 0);
}

/** Slots that stand before the first item of a history. */
export function openingSlots({ prompt }: EnvironmentConfig): number {
  return 1 + (prompt?.before ?? 0);
}

/** Tokens of a candidate: the words up to the action, the action, the words after it. */
export function candidateSlots({ between, after }: PromptShape): number {
  return between + 1 + after;
}

/**
 * Histories and the candidates that branch off them, in one pass: the words and the action of a candidate see the history
 * that is theirs and themselves, and nothing sees them. Their positions go on where that history ends.
 *
 * @param history vectors [B, T, width], the opening included
 * @param mask what each slot of them sees, [1 or B, 1, T, T] @param positions of these slots, int32 [B, T]
 * @param candidates `actions` vectors [B, Q, width]; `mask` [B, 1, Q, T] what they see of the history; `end` int32 [B, Q]
 *   the position of the last slot of their history
 * @param run the decoder
 * @returns the states of the histories [B, T, width] and of the last words of the candidates [B, Q, width]
 */
export function promptedStates(
  params: Tensors,
  shape: PromptShape,
  history: tf.Tensor,
  { mask, positions }: { readonly mask: tf.Tensor; readonly positions: tf.Tensor },
  candidates: { readonly actions: tf.Tensor; readonly mask: tf.Tensor; readonly end: tf.Tensor },
  run: (x: tf.Tensor, mode: Pick<DecoderMode, 'mask' | 'positions' | 'branches'>) => tf.Tensor,
): { states: tf.Tensor; ends: tf.Tensor } {
  const [B, T, D] = history.shape as [number, number, number];
  const Q = candidates.actions.shape[1]!;
  const m = candidateSlots(shape);
  const tokens = Array.from({ length: m }, (_, j) => {
    if (j === shape.between) return tf.reshape(candidates.actions, [B, Q, 1, D]);
    const word = tf.slice(params['prompt.words']!, shape.before + (j < shape.between ? j : j - 1), 1);
    return tf.tile(tf.reshape(word, [1, 1, 1, D]), [B, Q, 1, 1]);
  });
  const own = Float32Array.from({ length: m * m }, (_, i) => (i % m > Math.floor(i / m) ? -1e9 : 0));
  const ofHistory = tf.tile(tf.reshape(candidates.mask, [B * Q, 1, 1, T]), [1, 1, m, 1]);
  const ofOwn = tf.tile(tf.tensor(own, [1, 1, m, m]), [B * Q, 1, 1, 1]);
  const steps = tf.tensor(
    Int32Array.from({ length: m }, (_, j) => j + 1),
    [1, 1, m],
    'int32',
  );
  const after = tf.reshape(tf.add(tf.reshape(candidates.end, [B, Q, 1]), steps), [B, Q * m]);
  const all = run(tf.concat([history, tf.reshape(tf.concat(tokens, 2), [B, Q * m, D])], 1), {
    mask,
    positions: tf.concat([positions, after], 1),
    branches: { count: Q, size: m, mask: tf.concat([ofHistory, ofOwn], 3) },
  });
  const words = tf.reshape(tf.slice(all, [0, T, 0], [B, Q * m, D]), [B * Q, m, D]);
  return {
    states: tf.slice(all, [0, 0, 0], [B, T, D]),
    ends: tf.reshape(tf.slice(words, [0, m - 1, 0], [B * Q, 1, D]), [B, Q, D]),
  };
}

/** Histories as {@link promptedStates} takes them; `last` int32 [B, 1]: the position of the last slot that candidates see. */
interface Histories {
  readonly history: tf.Tensor;
  readonly mask: tf.Tensor;
  readonly positions: tf.Tensor;
  readonly last: tf.Tensor;
}

/**
 * Where all candidates of a history come after the same slot, the words up to the action are the same for all: they go
 * through the decoder once, behind the histories, and the candidates begin with their actions.
 *
 * @param visible [B, 1, words, T] what the words see of the history
 */
export function withWordsBefore(
  params: Tensors,
  shape: PromptShape,
  { history, mask, positions, last }: Histories,
  visible: tf.Tensor,
): Histories & { readonly shape: PromptShape; readonly words: number } {
  const { before, between: words } = shape;
  if (words === 0) return { history, mask, positions, last, shape, words };
  const [B, T, D] = history.shape as [number, number, number];
  const vectors = tf.tile(tf.reshape(tf.slice(params['prompt.words']!, before, words), [1, words, D]), [B, 1, 1]);
  const hidden = tf.fill([B, 1, T, words], -1e9);
  const ofHistory = tf.concat([tf.tile(mask, [B / mask.shape[0]!, 1, 1, 1]), hidden], 3);
  const ofWords = tf.concat([visible, tf.tile(causalMask(words), [B, 1, 1, 1])], 3);
  const steps = tf.reshape(tf.range(1, words + 1, 1, 'int32'), [1, words]);
  return {
    history: tf.concat([history, vectors], 1),
    mask: tf.concat([ofHistory, ofWords], 2),
    positions: tf.concat([positions, tf.add(last, steps)], 1),
    last: tf.add(last, tf.scalar(words, 'int32')),
    shape: { ...shape, before: before + words, between: 0 },
    words,
  };
}
