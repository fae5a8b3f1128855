import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../gradient.ts';
import { addRows } from './add-rows.ts';

/**
 * Cross-entropy over all N classes with K weighted labels per row:
 * `loss[b] = sum_k weights[b,k] (logsumexp(h[b] · Wᵀ) - h[b] · W[ids[b,k]])`; K = 1 and weights 1 is the plain loss.
 *
 * Built for large N: the [B, N] matrix is made once (the probabilities) and read by two matrix products. Everything else,
 * the label terms and the incoming gradient, works on rows.
 *
 * @param h float32 [B, H]; for a bias, `withOnes(h)` and one more column in `weight`
 * @param weight float32 [N, H]
 * @param ids int32 [B, K], the labels; may repeat
 * @param weights float32 [B, K]; zeros leave labels out. No gradient flows to it.
 * @param offsets float32 [B, N], added to the logits
 * @returns [B], finite for finite logits
 */
export function softmaxCrossEntropy(
  h: tf.Tensor,
  weight: tf.Tensor,
  ids: tf.Tensor,
  weights: tf.Tensor,
  offsets?: tf.Tensor,
): tf.Tensor {
  return withGradient(offsets ? [h, weight, offsets] : [h, weight], () => {
    const products = tf.matMul(h, weight, false, true);
    const logits = offsets ? products.add(offsets) : products;
    const p = tf.softmax(logits);
    // At the largest logit the probability is at least 1/N, so this is exact even where a label's own underflows.
    const normaliser = logits.max(1, true).sub(p.max(1, true).log());
    const labels = tf.gather(weight, ids as tf.Tensor1D);
    const ofLabels = labels.mul(h.expandDims(1)).sum(2);
    const labelLogits = offsets
      ? ofLabels.add(tf.gather(offsets.reshape([-1]), flatIds(ids, weight.shape[0]!)))
      : ofLabels;
    return {
      value: weights.mul(normaliser.sub(labelLogits)).sum(1),
      saved: [h, weight, p, labels, ids, weights],
      gradients,
    };
  });
}

/** Where [b, ids[b, k]] lies in a flat [B, N]. */
function flatIds(ids: tf.Tensor, items: number): tf.Tensor2D {
  const starts = tf.range(0, ids.shape[0]! * items, items, 'int32').expandDims(1);
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
  const each = weights.mul(dy.expandDims(1)); // [B, K]
  const total = each.sum(1, true); // [B, 1]
  return [
    () =>
      tf
        .matMul(p, weight)
        .mul(total)
        .sub(labels.mul(each.expandDims(2)).sum(1)),
    () => {
      const rows = h.expandDims(1).mul(each.neg().expandDims(2)).reshape([-1, h.shape[1]!]);
      return addRows(tf.matMul(p, h.mul(total), true, false), ids.flatten(), rows, items);
    },
    () => {
      const flat = p.mul(total).reshape([-1, 1]);
      return addRows(flat, flatIds(ids, items).flatten(), each.neg().reshape([-1, 1]), p.size).reshape(p.shape);
    },
  ];
}
