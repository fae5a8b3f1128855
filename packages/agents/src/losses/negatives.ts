import { LeaError } from '@lea/core';
import { randomIntegers, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Negative actions int32 [B, count]: `batch.negatives` if given; otherwise drawn from the batch's candidates if it has them;
 * otherwise uniform over all items except the logged one, with replacement (items of the history or the future may occur).
 *
 * @throws LeaError `E_NEGATIVES` when the catalog has a single item
 */
export function negativeActions(batch: Tensors, key: tf.Tensor, count: number, items: number): tf.Tensor2D {
  if (batch.negatives) return batch.negatives as tf.Tensor2D;
  const action = tf.expandDims(batch.action!, 1);
  const shape = [action.shape[0]!, count];
  if (batch.candidates) {
    const drawn = randomIntegers(key, 'negatives', shape, batch.candidates.size);
    return tf.gather(batch.candidates, drawn as tf.Tensor1D) as tf.Tensor2D;
  }
  if (items < 2) {
    throw new LeaError('E_NEGATIVES', 'There are no items other than the logged one to draw negative actions from.', {
      value: items,
      hint: 'The catalog needs at least 2 items.',
    });
  }
  const drawn = randomIntegers(key, 'negatives', shape, items - 1);
  // Draw from N - 1 values and skip the logged action: exact, without rejection.
  return tf.add(drawn, tf.cast(tf.greaterEqual(drawn, action), 'int32')) as tf.Tensor2D;
}

/**
 * [B, K] float: 0 if a negative is one of the row's extra positive targets (with positive weight) or, when drawn from
 * candidates, its logged action; else 1. Undefined if neither can happen.
 */
export function keptNegatives(batch: Tensors, negatives: tf.Tensor): tf.Tensor2D | undefined {
  const { targets, targetWeights, action, candidates } = batch;
  const own = candidates ? tf.equal(negatives, tf.expandDims(action!, 1)) : undefined;
  if (!targets) return own && (tf.cast(tf.logicalNot(own), 'float32') as tf.Tensor2D);
  const same = tf.cast(tf.equal(tf.expandDims(negatives, 2), tf.expandDims(targets, 1)), 'float32');
  const counts = tf.expandDims(tf.cast(tf.greater(targetWeights!, tf.scalar(0)), 'float32'), 1);
  const kept = tf.sub(tf.scalar(1), tf.max(tf.mul(same, counts), 2));
  return (own ? tf.mul(kept, tf.cast(tf.logicalNot(own), 'float32')) : kept) as tf.Tensor2D;
}
