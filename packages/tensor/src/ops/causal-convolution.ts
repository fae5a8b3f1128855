import { LeaError } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { gemm } from './gemm.ts';

/**
 * Causal convolution over time (a cross-correlation, as usual in deep learning) with zero padding before the first step: step t
 * of the result sees steps t, t - dilation, ..., t - (K - 1) dilation. Computed as one matrix product per tap. Steps are the
 * first axis, so that the steps that a tap sees are contiguous.
 *
 * @param x [T, B, D]
 * @param weight [F, D, K], K taps, the last one at the current step
 * @param bias [F]
 * @param dilation steps between taps
 * @returns [T, B, F]
 * @throws LeaError `E_RANGE` for a dilation that is not a positive integer
 */
export function causalConvolution(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, dilation = 1): tf.Tensor {
  checkTensors('causalConvolution', { x, weight, bias });
  if (!(Number.isSafeInteger(dilation) && dilation > 0))
    throw new LeaError('E_RANGE', 'The dilation of a convolution must be a positive integer.', { value: dilation });
  const [steps, batch, size] = x.shape as [number, number, number];
  const [filters, , count] = weight.shape as [number, number, number];
  const ago = Array.from({ length: count }, (_, k) => (count - 1 - k) * dilation);
  /** The taps that see any step, the one that looks back furthest first. */
  const seeing = ago.flatMap((before, k) => (before < steps ? [k] : []));
  const newest = (y: tf.Tensor, k: number) => rowsOfSteps(y, ago[k]!, steps);
  const oldest = (y: tf.Tensor, k: number) => rowsOfSteps(y, 0, steps - ago[k]!);

  /** Adds up one product per tap: each sees more steps than the one before, and `longer` lengthens the sum to as many rows. */
  function sumOfTaps(
    product: (k: number, sum: tf.Tensor | undefined) => tf.Tensor,
    longer: (sum: tf.Tensor, rows: number) => tf.Tensor,
  ): tf.Tensor {
    let sum: tf.Tensor | undefined;
    for (const k of seeing) sum = product(k, sum && longer(sum, (ago[k - 1]! - ago[k]!) * batch));
    return sum!;
  }

  return withGradient([x, weight, bias], () => {
    const taps = tf.unstack(weight, 2);
    const y = sumOfTaps(
      (k, sum) => gemm(oldest(x, k), taps[k]!, sum ?? bias, true),
      (sum, rows) => tf.concat([tf.broadcastTo(bias, [rows, filters]), sum]),
    );
    return {
      value: tf.reshape(y, [steps, batch, filters]),
      saved: [x, ...taps],
      gradients: (dy, [x, ...taps]) => [
        () => {
          const dx = sumOfTaps(
            (k, sum) => (sum ? gemm(newest(dy, k), taps[k]!, sum) : tf.matMul(newest(dy, k), taps[k]!)),
            (sum, rows) => tf.concat([sum, tf.zeros([rows, size])]),
          );
          return tf.reshape(dx, x!.shape);
        },
        () => {
          const zeros = tf.zeros([filters, size]);
          const byTap = ago.map((before, k) =>
            before < steps ? tf.matMul(newest(dy, k), oldest(x!, k), true) : zeros,
          );
          return tf.stack(byTap, 2);
        },
        () => tf.sum(newest(dy, count - 1), 0),
      ],
    };
  });
}

/** Steps of y [T, B, D] as rows [(to - from) · B, D]. */
function rowsOfSteps(y: tf.Tensor, from: number, to: number): tf.Tensor2D {
  const part = to - from === y.shape[0] ? y : tf.slice(y, from, to - from);
  return tf.reshape(part, [-1, y.shape[2]!]);
}
