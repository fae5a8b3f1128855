import * as tf from '@tensorflow/tfjs-core';

/**
 * [B] conservative penalty logsumexp_b Q(s,b) - Q(s,a) (CQL(H), Kumar et al., NeurIPS 2020); with a temperature T:
 * T logsumexp_b (Q(s,b) / T) - Q(s,a).
 *
 * With candidates the sum over all items is estimated by the term of the logged action plus the mean over the draws of
 * exp(Q) / q. Its expectation differs from the exact sum only because the logged action is counted twice.
 *
 * @param all Q(s, .) of all items [B, N], or of the candidates [B, K], with gradient
 * @param q Q(s,a) [B] of the logged actions, with gradient
 * @param options.candidates int32 [K]; `logQ` [N] is the log of their sampling distribution; default: uniform
 */
export function conservativePenalty(
  all: tf.Tensor,
  q: tf.Tensor,
  options: {
    readonly temperature?: number;
    readonly items: number;
    readonly candidates?: tf.Tensor | undefined;
    readonly logQ?: tf.Tensor | undefined;
  },
): tf.Tensor1D {
  const { temperature: t = 1, candidates, logQ, items } = options;
  const over = (x: tf.Tensor) => (t === 1 ? x : tf.div(x, tf.scalar(t)));
  const times = (x: tf.Tensor) => (t === 1 ? x : tf.mul(x, tf.scalar(t)));
  if (!candidates) return tf.sub(times(tf.logSumExp(over(all), 1)), q) as tf.Tensor1D;
  const draws = tf.scalar(Math.log(candidates.shape.at(-1)!));
  const logShare = logQ ? tf.gather(logQ, candidates as tf.Tensor1D) : tf.scalar(-Math.log(items));
  const others = tf.sub(tf.sub(over(all), logShare), draws);
  return tf.sub(times(tf.logSumExp(tf.concat([tf.expandDims(over(q), 1), others], 1), 1)), q) as tf.Tensor1D;
}
