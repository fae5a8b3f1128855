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
 * What a state holds of its history beside what the decoder makes of it: things that need no learning to be useful, with a
 * few learned weights. The decoder has to learn from histories which texts go together, which items are popular and whether
 * people repeat themselves; with few users these are most of what can be known.
 *
 * - texts: gain * sum_j decay_j (t_j . t_a) over the items of the history, by their texts (`textMemoryWidth` columns);
 * - popularity: weight * log(count + 0.3) of the item in the fitted rows (`countFeatures`);
 * - repetition: weight * sum_j decay_j [i_j = a] ({@link repetitionWeight}; `countFeatures`).
 *
 * decay_j = exp(-softplus(decay) * age_j): age 0 is the newest event.
 */
export interface MemoryShape {
  /** Columns of the text memory; 0 without. */
  readonly textMemoryWidth: number;
  /** Popularity and repetition. */
  readonly countFeatures: boolean;
}

/** Adam moves a number by about its learning rate in a step; the few weights of the memory have far to go. */
const QUICK = 5;

const scaled = (params: Tensors, name: string): tf.Tensor => tf.mul(params[`memory.${name}`]!, QUICK);

/**
 * @param tokens of the items, where there is a text memory
 * @returns `trained`: the weights. `fixed`: `memory.directions` [K, S], the main directions of the item tokens
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
 * The directions in which item tokens differ most, those that differ much weighing less: variance v becomes sqrt(v), half
 * way to whitening. What most texts have in common says little of a single one.
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

/** The items in the text memory: their tokens on the directions, length 1, [items, K]. */
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

/** log(count + 0.3) of every item, [items, 1]: finite, and small, for items that were never taken. */
export function logPopularity(counts: Int32Array): Value {
  return float32(
    Float32Array.from(counts, (count) => Math.log(count + 0.3)),
    [counts.length, 1],
  );
}

/** The popularity column of the table that states with a 1 there are compared with, [items, 1]. */
export function popularityColumn(params: Tensors, popularity: tf.Tensor): tf.Tensor {
  return tf.mul(popularity, scaled(params, 'popularity'));
}

/** 1 where a position may look, [rows, T, T]. @param mask additive [rows, 1, T, T]: 0 there, -1e9 elsewhere */
export function visibleOf(mask: tf.Tensor): tf.Tensor {
  const positions = mask.shape[3]!;
  return tf.reshape(tf.cast(tf.equal(mask, tf.scalar(0)), 'float32'), [-1, positions, positions]);
}

/**
 * How much of each slot is left at each position: kept [rows, T, T], 0 where a position may not look.
 *
 * @param mask additive [rows, 1, T, T]
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
 * gain * sum_j decay_j t_j over the items a position sees, [B, T, K].
 *
 * @param table [items, K] @param items [B, T], ids from `items` on are no items and say nothing
 * @param decay of {@link decayOf}, [B or 1, T, T]
 */
export function textMemory(params: Tensors, table: tf.Tensor, items: tf.Tensor, decay: tf.Tensor): tf.Tensor {
  const [rows] = items.shape as [number, number];
  const [count, width] = table.shape as [number, number];
  const ids = tf.minimum(items, tf.scalar(count, 'int32'));
  const texts = embedding(tf.concat([table, tf.zeros([1, width])], 0), ids);
  const each = decay.shape[0] === rows ? decay : tf.tile(decay, [rows, 1, 1]);
  return tf.mul(tf.matMul(each, texts), tf.reshape(scaled(params, 'gain'), [1, 1, 1]));
}

/** What the likeness of an item's text to the history adds to its reward: remembered [..., K] . texts [..., K] -> [...]. */
export function likenessReward(params: Tensors, remembered: tf.Tensor, texts: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sum(tf.mul(remembered, texts), -1), scaled(params, 'reward'));
}

/**
 * What decay_j of an item's own occurrences are multiplied by. An item is like itself, which would make every item of a
 * history the first choice: that likeness is taken off, and repetition has a weight of its own.
 */
export function repetitionWeight(params: Tensors): tf.Tensor {
  const repeat = scaled(params, 'repeat');
  return params['memory.gain'] ? tf.sub(repeat, scaled(params, 'gain')) : repeat;
}

/** Adds repetition to logits [size * items] of histories, on the host. @param windows ids [size, window], the newest last */
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
