import {
  covariance,
  embedding,
  float32,
  int32,
  linear,
  mainEigenvectors,
  softplus,
  specsOf,
  type Tensors,
  type Value,
  type Values,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type Runtime, ready } from '../shared/runtime.ts';

/**
 * Simple statistics of the history that are added to the decoder's states, with a few learned weights. A decoder has to
 * learn from data which texts go together, which items are popular and whether users repeat items; with few users, these
 * statistics carry most of the information.
 *
 * - texts: gain * sum_j decay_j (t_j . t_a) over the text vectors of the history's items (`textMemoryWidth` columns);
 * - popularity: weight * log(count + 0.3), with the item's count in the training rows (`countFeatures`);
 * - repetition: weight * sum_j decay_j [i_j = a] ({@link repetitionWeight}; `countFeatures`).
 *
 * with decay_j = exp(-softplus(decay) * age_j), where the newest event has age 0.
 */
export interface MemoryShape {
  /** Dimension of the text memory; 0: none. */
  readonly textMemoryWidth: number;
  /** Whether state logits include popularity and repetition. */
  readonly countFeatures: boolean;
}

/** Speeds up the memory's few weights, because Adam changes a number by about its learning rate per step. */
const QUICK = 5;

const scaled = (params: Tensors, name: string): tf.Tensor => tf.mul(params[`memory.${name}`]!, QUICK);

/**
 * Initial parameters of the memory.
 *
 * @param tokens item tokens; required with a text memory
 * @returns `trained`: the weights; `fixed`: `memory.directions` [K, S], the principal directions of the item tokens
 */
export function initMemory(
  { textMemoryWidth, countFeatures }: MemoryShape,
  tokens: Value | undefined,
): { trained: Values; fixed: Values } {
  const weight = (value: number): Value => float32([value / QUICK]);
  return {
    trained: {
      ...((textMemoryWidth > 0 || countFeatures) && { 'memory.decay': weight(0) }),
      ...(textMemoryWidth > 0 && { 'memory.gain': weight(5), 'memory.reward': weight(0.5) }),
      ...(countFeatures && { 'memory.popularity': weight(1), 'memory.repeat': weight(0) }),
    },
    fixed: textMemoryWidth > 0 ? { 'memory.directions': textDirections(tokens!, textMemoryWidth) } : {},
  };
}

/**
 * Principal directions of item tokens, scaled so that a variance v becomes sqrt(v), half way to whitening: directions that
 * many texts share say little about a single item.
 */
function textDirections(tokens: Value, columns: number): Value {
  const [items, size] = tokens.shape as [number, number];
  const rank = Math.min(columns, size);
  const { vectors, values } = mainEigenvectors(covariance(Float64Array.from(tokens.data), items, size), size, rank);
  const directions = vectors.map((entry, at) => {
    const variance = values[Math.floor(at / size)]!;
    return variance > 1e-9 ? entry * variance ** -0.25 : 0;
  });
  return float32(Float32Array.from(directions), [rank, size]);
}

/** Item vectors of the text memory: tokens projected onto the directions and normalized to length 1, [items, K]. */
export async function textMemoryTable(tokens: Value, directions: Value, runtime: Runtime): Promise<Value> {
  const frozen = { tokens, directions };
  const runner = await ready(
    ({ frozen: { tokens: rows, directions: axes } }) => {
      const x = linear(rows!, axes!);
      const length = tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), tf.scalar(1e-12)));
      return { state: {}, outputs: { table: tf.div(x, length) } };
    },
    { inputs: { step: { dtype: 'int32', shape: [1] } }, frozen: specsOf(frozen) },
    runtime,
    'direct',
  );
  try {
    return (await runner.run({ inputs: { step: int32([0]) }, frozen })).outputs.table!;
  } finally {
    await runner.dispose();
  }
}

/** Added to counts, so that log popularity is finite and low for items with count 0. */
const SMOOTHING = 0.3;

/** Log popularity of items that nobody chose. */
export const NEVER: number = Math.log(SMOOTHING);

/** log(count + 0.3) of every item, [items, 1]. */
export function logPopularity(counts: Int32Array): Value {
  return float32(
    Float32Array.from(counts, (count) => Math.log(count + SMOOTHING)),
    [counts.length, 1],
  );
}

/** Popularity column of the item table, [items, 1]; states have a 1 in this column. */
export function popularityColumn(params: Tensors, popularity: tf.Tensor): tf.Tensor {
  return tf.mul(popularity, scaled(params, 'popularity'));
}

/** 1 where a position may attend, else 0, [rows, T, T]. @param mask additive mask [rows, 1, T, T] */
export function visibleOf(mask: tf.Tensor): tf.Tensor {
  const positions = mask.shape[3]!;
  return tf.reshape(tf.cast(tf.equal(mask, tf.scalar(0)), 'float32'), [-1, positions, positions]);
}

/**
 * Weight of each earlier event at each position, [rows, T, T]; 0 where a position may not attend.
 *
 * @param mask additive mask [rows, 1, T, T]
 */
export function decayOf(params: Tensors, mask: tf.Tensor): tf.Tensor {
  const positions = mask.shape[3]!;
  const places = tf.range(0, positions, 1, 'int32');
  const age = tf.relu(
    tf.cast(tf.sub(tf.reshape(places, [positions, 1]), tf.reshape(places, [1, positions])), 'float32'),
  );
  const decay = tf.exp(tf.neg(tf.mul(softplus(scaled(params, 'decay')), age)));
  return tf.mul(tf.expandDims(decay, 0), visibleOf(mask));
}

/**
 * Text memory gain * sum_j decay_j t_j over the items that a position attends to, [B, T, K].
 *
 * @param table text vectors [items, K]
 * @param items item indices int32 [B, T]; values outside the table are not items and are ignored
 * @param decay result of {@link decayOf}, [B or 1, T, T]
 */
export function textMemory(params: Tensors, table: tf.Tensor, items: tf.Tensor, decay: tf.Tensor): tf.Tensor {
  const [rows] = items.shape as [number, number];
  const [count, width] = table.shape as [number, number];
  const ids = tf.minimum(items, tf.scalar(count, 'int32'));
  const texts = embedding(tf.concat([table, tf.zeros([1, width])], 0), ids);
  const each = decay.shape[0] === rows ? decay : tf.tile(decay, [rows, 1, 1]);
  return tf.mul(tf.matMul(each, texts), tf.reshape(scaled(params, 'gain'), [1, 1, 1]));
}

/** Reward term for the similarity of an item's text to the history: remembered [..., K] . texts [..., K] -> [...]. */
export function likenessReward(params: Tensors, remembered: tf.Tensor, texts: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sum(tf.mul(remembered, texts), -1), scaled(params, 'reward'));
}

/**
 * Weight of repetition. An item's similarity to itself in the text memory would make the items of a history rank first, so
 * that part is subtracted.
 */
export function repetitionWeight(params: Tensors): tf.Tensor {
  const repeat = scaled(params, 'repeat');
  return params['memory.gain'] ? tf.sub(repeat, scaled(params, 'gain')) : repeat;
}

/** Adds the offset of unseen items to logits [size * items] on the host. @param counts how often each item was chosen, [items] */
export function addUnseen(logits: Float32Array, counts: Int32Array, offset: number): void {
  for (const [item, count] of counts.entries()) {
    if (count > 0) continue;
    for (let at = item; at < logits.length; at += counts.length) logits[at]! += offset;
  }
}

/** Adds repetition to logits [size * items] on the host. The last argument holds the histories as windows [size, window]. */
export function addRepetition(
  logits: Float32Array,
  params: Values,
  { items, length, size, window }: { items: Int32Array; length: Int32Array; size: number; window: number },
): void {
  const number = (name: string): number => QUICK * (params[`memory.${name}`]?.data[0] ?? 0);
  const loss = Math.log1p(Math.exp(number('decay')));
  const weight = number('repeat') - number('gain');
  const count = logits.length / size;
  for (let row = 0; row < size; row++) {
    for (let j = 0; j < length[row]!; j++) {
      const item = items[row * window + length[row]! - 1 - j]!;
      logits[row * count + item]! += weight * Math.exp(-loss * j);
    }
  }
}
