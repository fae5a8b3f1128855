import { logSigmoid, softplus } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type Head, values, valuesOf } from '../heads.ts';

/** Labels, and the candidates they are compared with. */
export interface Sampled {
  /** Labels int32 [B, P]; the first is the logged item. */
  readonly ids: tf.Tensor;
  /** Weights of the labels [B, P]. */
  readonly weights: tf.Tensor;
  /** int32 [K], or [B, K] for separate candidates per row. */
  readonly candidates: tf.Tensor;
}

/**
 * [B] sampled softmax (Jean et al., ACL 2015; Yi et al., RecSys 2019): the weighted sum over labels of -log softmax of the label
 * among itself and the candidates. Logits of label and candidates are corrected by the log of the sampling distribution,
 * z = f - log q (the constant number of draws cancels). Candidates equal to the label are ignored; repeated candidates count
 * as often as they were drawn.
 *
 * @param logQ [N], or undefined if candidates are drawn uniformly
 */
export function sampledSoftmax(at: Head, { ids, weights, candidates }: Sampled, logQ?: tf.Tensor): tf.Tensor1D {
  const corrected = (f: tf.Tensor, of: tf.Tensor) => (logQ ? tf.sub(f, tf.gather(logQ, of as tf.Tensor1D)) : f);
  const labels = corrected(valuesOf(at, ids), ids);
  const others = tf.expandDims(corrected(values(at, candidates), candidates), 1);
  const hits = tf.cast(hitsOf(ids, candidates), 'float32');
  const rest = tf.logSumExp(tf.sub(others, tf.mul(hits, tf.scalar(1e9))), 2);
  return tf.sum(tf.mul(weights, softplus(tf.sub(rest, labels))), 1) as tf.Tensor1D;
}

/**
 * [B] gBCE (Petrov, Macdonald, RecSys 2023): -(beta log s(f[a]) + sum_j log(1 - s(f[n_j]))) / (K + 1) with
 * beta = alpha (t (1 - 1/alpha) + 1/alpha), alpha = K / (N - 1). Further labels add their weighted positive term.
 * Candidates that are labels are ignored; a weight of 0 makes an item no label.
 *
 * @param items N @param calibration t
 */
export function generalizedBce(
  at: Head,
  { ids, weights, candidates }: Sampled,
  { items, calibration: t }: { readonly items: number; readonly calibration: number },
): tf.Tensor1D {
  const count = candidates.shape.at(-1)!;
  const alpha = Math.min(1, count / (items - 1));
  const beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha);
  const positive = tf.sum(tf.mul(weights, logSigmoid(valuesOf(at, ids))), 1);
  const isLabel = tf.logicalAnd(hitsOf(ids, candidates), tf.expandDims(tf.notEqual(weights, tf.scalar(0)), 2));
  const counts = tf.sub(tf.scalar(1), tf.max(tf.cast(isLabel, 'float32'), 1));
  const negative = tf.sum(tf.mul(counts, logSigmoid(tf.neg(values(at, candidates)))), 1);
  const own = tf.reshape(tf.slice(weights, [0, 0], [weights.shape[0]!, 1]), [-1]);
  const sum = tf.add(tf.mul(positive, tf.scalar(beta)), tf.mul(own, negative));
  return tf.mul(sum, tf.scalar(-1 / (count + 1))) as tf.Tensor1D;
}

/** [B, P, K] bool: whether the candidate equals the label. */
function hitsOf(ids: tf.Tensor, candidates: tf.Tensor): tf.Tensor {
  const each = candidates.rank === 1 ? tf.reshape(candidates, [1, 1, -1]) : tf.expandDims(candidates, 1);
  return tf.equal(tf.expandDims(ids, 2), each);
}
