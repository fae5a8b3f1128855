import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { gemm } from './gemm.ts';

/**
 * x · weightᵀ + bias, with weights in the layout of PyTorch and of checkpoints.
 *
 * @param x [..., I]
 * @param weight [O, I]
 * @param bias [O]; default: no bias
 * @returns [..., O]
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  checkTensors('linear', { x, weight });
  const [outputs, inputs] = weight.shape as [number, number];
  const rows = x.rank === 2 ? x : tf.reshape(x, [-1, inputs]);
  const y = bias ? affine(rows, weight, bias) : tf.matMul(rows, weight, false, true);
  return x.rank === 2 ? y : tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
}

function affine(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return withGradient([x, weight, bias], () => ({
    value: gemm(x, weight, bias, true),
    saved: [x, weight],
    gradients: (dy, [x, weight]) => [
      () => tf.matMul(dy, weight!),
      () => tf.matMul(dy, x!, true, false),
      () => tf.sum(dy, 0),
    ],
  }));
}
