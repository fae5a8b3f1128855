import { LeaError } from '@lea/core';
import { float32, type Tensors, type Value } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { DecoderMode } from '../language-model/decoders/decoder-mode.ts';
import { causalMask } from '../language-model/decoders/masks.ts';
import { wordsOf } from '../language-model/decoders/modules.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { templateParts } from '../shared/template.ts';
import type { EnvironmentConfig, PromptShape } from './config.ts';
import { wordInputs } from './connector.ts';

/**
 * Parses a prompt such as "The user has played {history}. Would the user enjoy {action}?".
 *
 * @returns its shape, and the input vectors of its tokens, [tokens, width]
 * @throws LeaError `E_TEMPLATE` for a placeholder that is missing, unknown, repeated or in the wrong order
 */
export function readPrompt(text: string, languageModel: LanguageModel): { shape: PromptShape; words: Value } {
  const parts = templateParts(text);
  if (parts.length !== 5 || parts[1] !== 'history') {
    throw new LeaError('E_TEMPLATE', 'The prompt must contain {history} once, followed by {action} once.', {
      value: text,
      hint: 'Put {action} after {history}, because the history is read once for all candidates.',
    });
  }
  const pieces = [parts[0]!, parts[2]!, parts[4]!].map((piece) =>
    piece === '' ? [] : languageModel.tokenizer.encode(piece),
  );
  const [before, between, after] = pieces.map((ids) => ids.length) as [number, number, number];
  const { width, embeddingScale = 1 } = languageModel.config;
  const table = languageModel.params[wordsOf(languageModel.config)]!.data;
  const words = Float32Array.from(pieces.flat().flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]));
  return {
    shape: { text, before, between, after },
    words: float32(
      words.map((v) => v * embeddingScale),
      [words.length / width, width],
    ),
  };
}

/** Input vectors before a history: the start vector and the first tokens of the prompt, [prefix, width]. */
export function prefixOf(params: Tensors, { prompt }: EnvironmentConfig): tf.Tensor {
  const { before = 0 } = prompt ?? {};
  const start = wordInputs(params, params.start!);
  return before === 0 ? start : tf.concat([start, wordVectors(params, 0, before)], 0);
}

/** Number of inputs before the first item of a history. */
export function prefixLength({ prompt }: EnvironmentConfig): number {
  return 1 + (prompt?.before ?? 0);
}

/** Number of inputs of a candidate: the prompt's tokens before the action, the action, and the tokens after it. */
export function candidateLength({ between, after }: PromptShape): number {
  return between + 1 + after;
}

/** Runs the decoder on vectors [B, T, width]. */
type Run = (x: tf.Tensor, mode: Pick<DecoderMode, 'mask' | 'positions' | 'branches'>) => tf.Tensor;

/**
 * Candidates that branch off histories: `actions` are vectors [B, Q, width], `mask` [B, 1, Q, T] says which of the T inputs
 * before each candidate it attends to, `end` int32 [B, Q] is the position of the last of these.
 */
interface Candidates {
  readonly actions: tf.Tensor;
  readonly mask: tf.Tensor;
  readonly end: tf.Tensor;
}

/**
 * Computes states of histories and of candidates that branch off them in one pass. A candidate attends to its history and to
 * itself; nothing attends to a candidate. Its positions continue from the end of its history.
 *
 * @param history vectors [B, T, width], including the prefix; with their `mask` [1 or B, 1, T, T] and `positions`, int32
 *   [B, T]
 * @returns the states of the histories [B, T, width] and of the last tokens of the candidates [B, Q, width]
 */
export function promptedStates(
  params: Tensors,
  shape: PromptShape,
  history: tf.Tensor,
  { mask, positions }: { readonly mask: tf.Tensor; readonly positions: tf.Tensor },
  candidates: Candidates,
  run: Run,
): { states: tf.Tensor; ends: tf.Tensor } {
  const [B, T] = history.shape as [number, number, number];
  const { vectors, after, branches } = branchesOf(params, shape, candidates);
  const positionsOfAll = tf.concat([positions, after], 1);
  const all = run(tf.concat([history, vectors], 1), { mask, positions: positionsOfAll, branches });
  return { states: tf.slice(all, [0, 0, 0], [B, T, all.shape[2]!]), ends: endsOf(all, branches) };
}

/**
 * Computes the last states of candidates that follow the same position of a cached history. The tokens before the action are
 * the same for all candidates, so the decoder reads them once.
 *
 * @param history `visible` mask [B, 1, 1, T] of the history, and the position of its `last` visible input, int32 [B, 1]
 * @param actions vectors [B, A, width]
 * @param run the decoder after the history
 * @returns [B, A, width]
 */
export function endsAfter(
  params: Tensors,
  shape: PromptShape,
  { visible, last }: { readonly visible: tf.Tensor; readonly last: tf.Tensor },
  actions: tf.Tensor,
  run: Run,
): tf.Tensor {
  const { before, between: words } = shape;
  const [B, A, D] = actions.shape as [number, number, number];
  const shared = { ...shape, before: before + words, between: 0 };
  const { vectors, after, branches } = branchesOf(params, shared, {
    actions,
    mask: tf.tile(words === 0 ? visible : tf.concat([visible, tf.zeros([B, 1, 1, words])], 3), [1, 1, A, 1]),
    end: tf.tile(tf.add(last, tf.scalar(words, 'int32')), [1, A]),
  });
  if (words === 0) return endsOf(run(vectors, { mask: visible, positions: after, branches }), branches);
  const own = tf.tile(tf.reshape(wordVectors(params, before, words), [1, words, D]), [B, 1, 1]);
  const mask = tf.concat([tf.tile(visible, [1, 1, words, 1]), tf.tile(causalMask(words), [B, 1, 1, 1])], 3);
  const positions = tf.concat([tf.add(last, tf.reshape(tf.range(1, words + 1, 1, 'int32'), [1, words])), after], 1);
  return endsOf(run(tf.concat([own, vectors], 1), { mask, positions, branches }), branches);
}

type Branches = NonNullable<DecoderMode['branches']>;

/** Candidates as branches: input vectors [B, Q * m, width], their positions and masks. */
function branchesOf(params: Tensors, shape: PromptShape, { actions, mask, end }: Candidates) {
  const [B, Q, D] = actions.shape as [number, number, number];
  const T = mask.shape[3]!;
  const m = candidateLength(shape);
  const tokens = Array.from({ length: m }, (_, j) => {
    if (j === shape.between) return tf.reshape(actions, [B, Q, 1, D]);
    const word = wordVectors(params, shape.before + (j < shape.between ? j : j - 1), 1);
    return tf.tile(tf.reshape(word, [1, 1, 1, D]), [B, Q, 1, 1]);
  });
  const ofHistory = tf.tile(tf.reshape(mask, [B * Q, 1, 1, T]), [1, 1, m, 1]);
  const ofOwn = tf.tile(causalMask(m), [B * Q, 1, 1, 1]);
  const steps = tf.reshape(tf.range(1, m + 1, 1, 'int32'), [1, 1, m]);
  return {
    vectors: tf.reshape(tf.concat(tokens, 2), [B, Q * m, D]),
    after: tf.reshape(tf.add(tf.reshape(end, [B, Q, 1]), steps), [B, Q * m]),
    branches: { count: Q, size: m, mask: tf.concat([ofHistory, ofOwn], 3) } satisfies Branches,
  };
}

function wordVectors(params: Tensors, from: number, count: number): tf.Tensor {
  return wordInputs(params, tf.slice(params['prompt.words']!, from, count));
}

/** States of the last input of each branch, [B, count, width], from all states [B, T, width], which end with the branches. */
function endsOf(all: tf.Tensor, { count, size }: Branches): tf.Tensor {
  const [B, positions, D] = all.shape as [number, number, number];
  const words = tf.reshape(tf.slice(all, [0, positions - count * size, 0], [B, count * size, D]), [B * count, size, D]);
  return tf.reshape(tf.slice(words, [0, size - 1, 0], [B * count, 1, D]), [B, count, D]);
}
