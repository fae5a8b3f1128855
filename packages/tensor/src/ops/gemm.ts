import * as tf from '@tensorflow/tfjs-core';
import { emit, isRecording } from '../recorder/emit.ts';

/**
 * a · b + c in one pass, or a · bᵀ + c. Has no gradient, because gradients are built from it.
 *
 * @param a [M, K]
 * @param b [K, N], or [N, K] if it is transposed
 * @param c [M, N] or [N]
 * @returns [M, N]
 */
export function gemm(a: tf.Tensor, b: tf.Tensor, c: tf.Tensor, transposeB = false): tf.Tensor {
  if (!isRecording()) return tf.add(tf.matMul(a, b, false, transposeB), c);
  return emit('Gemm', [a, b, c], [[a.shape[0]!, b.shape[transposeB ? 0 : 1]!]], { transB: Number(transposeB) })[0]!;
}
