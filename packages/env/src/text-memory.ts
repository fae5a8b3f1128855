import {
  covariance,
  embedding,
  float32,
  int32,
  linear,
  mainDirections,
  softplus,
  specsOf,
  type Tensors,
  type Value,
  type Values,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { type Runtime, ready } from './runtime.ts';

/**
 * The text memory of a state: the texts of the history's items, the newest weighing most, held against an item's text as
 * they are. The decoder has to learn from histories which texts go together; that like goes with like needs no learning,
 * and with few users that is most of what can be known.
 *
 * `memory.directions` [K, S] are the main directions of the item tokens (fixed); `memory.decay` [1] and `memory.gain` [1] are
 * learned: softplus(decay) is the loss per event on a log scale, gain the weight beside the decoder's state.
 */
export function initTextMemory(tokens: Value, columns: number): { trained: Values; fixed: Values } {
  const [items, size] = tokens.shape as [number, number];
  const rank = Math.min(columns, size);
  const directions = mainDirections(covariance(Float64Array.from(tokens.data), items, size), size, rank);
  return {
    trained: { 'memory.decay': float32([0]), 'memory.gain': float32([3]) },
    fixed: { 'memory.directions': float32(Float32Array.from(directions), [rank, size]) },
  };
}

/** The items in the memory: their tokens on the main directions, length 1, [items, K]. */
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

/**
 * gain * sum_j exp(-softplus(decay) age_j) t_j over the items a position sees, [B, T, K].
 *
 * @param table [items, K] @param items [B, T], ids from `items` on are no items and say nothing
 * @param mask additive [B or 1, 1, T, T]: 0 where a position may look, -1e9 elsewhere
 */
export function textMemory(params: Tensors, table: tf.Tensor, items: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const [rows, slots] = items.shape as [number, number];
  const [count, width] = table.shape as [number, number];
  const ids = tf.minimum(items, tf.scalar(count, 'int32'));
  const texts = embedding(tf.concat([table, tf.zeros([1, width])], 0), ids);
  const places = tf.range(0, slots, 1, 'int32');
  const age = tf.relu(tf.sub(places.reshape([slots, 1]), places.reshape([1, slots])).toFloat());
  const kept = tf.exp(tf.neg(tf.mul(softplus(params['memory.decay']!), age)));
  const visible = tf.equal(mask, tf.scalar(0)).toFloat().reshape([-1, slots, slots]);
  const weights = tf.mul(kept.expandDims(0), visible);
  const each = weights.shape[0] === rows ? weights : tf.tile(weights, [rows, 1, 1]);
  return tf.mul(tf.matMul(each, texts), params['memory.gain']!);
}
