import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { addRows } from './add-rows.ts';
import { shortcut } from './shortcut.ts';

/** Probabilities below it have lost digits, or soon will. */
const SMALLEST = 1e-37;

/**
 * Cross-entropy over all N classes with K weighted labels per row:
 * `loss[b] = sum_k weights[b,k] (logsumexp(h[b] · Wᵀ) - h[b] · W[ids[b,k]])`.
 * K = 1 with weights 1 is the usual cross-entropy.
 *
 * Optimized for large N: the [B, N] matrix of probabilities is computed once and read by two matrix products. The label terms
 * and the incoming gradient work on rows only.
 *
 * @param h float32 [B, H]; for a bias use `withOnes(h)` and one more column in `weight`
 * @param weight float32 [N, H]
 * @param ids int32 [B, K] labels; may repeat
 * @param weights float32 [B, K]; 0 ignores a label. Gets no gradient.
 * @param offsets float32 [B, N] added to the logits; default: none
 * @returns [B]; finite for finite logits
 */
export function softmaxCrossEntropy(
  h: tf.Tensor,
  weight: tf.Tensor,
  ids: tf.Tensor,
  weights: tf.Tensor,
  offsets?: tf.Tensor,
): tf.Tensor {
  checkTensors('softmaxCrossEntropy', { h, weight, ids, weights });
  const items = weight.shape[0]!;
  return withGradient(offsets ? [h, weight, offsets] : [h, weight], () => {
    const products = tf.matMul(h, weight, false, true);
    const logits = offsets ? tf.add(products, offsets) : products;
    const p = tf.softmax(logits);
    const labels = tf.gather(weight, ids as tf.Tensor1D);
    const at = (x: tf.Tensor, columns: tf.Tensor) => tf.gather(tf.reshape(x, [-1]), flatIds(columns, items));
    const logitsAt = (columns: tf.Tensor, rows: tf.Tensor) => {
      const product = tf.sum(tf.mul(rows, tf.expandDims(h, 1)), 2);
      return offsets ? tf.add(product, at(offsets, columns)) : product;
    };
    const ofLabels = at(p, ids);
    const losses = shortcut(
      tf.all(tf.greaterEqual(ofLabels, SMALLEST)),
      () => tf.neg(tf.log(ofLabels)),
      () => {
        // The probability of the largest logit is at least 1/N: accurate even if the label's probability underflows.
        const top = tf.expandDims(tf.argMax(p, 1), 1);
        const normalizer = tf.sub(logitsAt(top, tf.gather(weight, top as tf.Tensor2D)), tf.log(at(p, top)));
        return tf.sub(normalizer, logitsAt(ids, labels));
      },
    );
    return {
      value: tf.sum(tf.mul(weights, losses), 1),
      saved: [h, weight, p, labels, ids, weights],
      gradients,
    };
  });
}

/** The position of [b, ids[b, k]] in a flattened [B, N]. */
function flatIds(ids: tf.Tensor, items: number): tf.Tensor2D {
  const starts = tf.expandDims(tf.range(0, ids.shape[0]! * items, items, 'int32'), 1);
  return tf.add(ids, starts) as tf.Tensor2D;
}

function gradients(dy: tf.Tensor, saved: tf.Tensor[]): (() => tf.Tensor)[] {
  const [h, weight, p, labels, ids, weights] = saved as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const items = weight.shape[0]!;
  const each = tf.mul(weights, tf.expandDims(dy, 1)); // [B, K]
  const total = tf.sum(each, 1, true); // [B, 1]
  return [
    () => tf.sub(tf.mul(tf.matMul(p, weight), total), tf.sum(tf.mul(labels, tf.expandDims(each, 2)), 1)),
    () => {
      const rows = tf.reshape(tf.mul(tf.expandDims(h, 1), tf.expandDims(tf.neg(each), 2)), [-1, h.shape[1]!]);
      return addRows(tf.matMul(p, tf.mul(h, total), true, false), tf.reshape(ids, [-1]), rows, items);
    },
    () => {
      const flat = tf.reshape(tf.mul(p, total), [-1, 1]);
      return tf.reshape(
        addRows(flat, tf.reshape(flatIds(ids, items), [-1]), tf.reshape(tf.neg(each), [-1, 1]), p.size),
        p.shape,
      );
    },
  ];
}
