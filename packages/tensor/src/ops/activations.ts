import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { MICROSOFT } from '../onnx/model.ts';
import { emit, isRecording } from '../recorder/emit.ts';
import { withoutTiny } from './without-tiny.ts';

/** silu(a) · b for equal shapes, silu(a) = a · sigmoid(a): the gate of Shazeer, "GLU Variants Improve Transformer", 2020. */
export function swiglu(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  checkTensors('swiglu', { a, b });
  return withGradient([a, b], () => {
    const s = isRecording()
      ? emit('QuickGelu', [a], [a.shape], { alpha: { float: 1 } }, MICROSOFT)[0]!
      : tf.mul(a, tf.sigmoid(a));
    return {
      value: tf.mul(s, b),
      saved: [a, b, s],
      gradients: (dy, [a, b, s]) => [
        () => {
          const gate = tf.sigmoid(a!);
          return tf.mul(tf.mul(dy, b!), tf.add(gate, tf.sub(s!, tf.mul(s!, gate))));
        },
        () => tf.mul(dy, s!),
      ],
    };
  });
}

/** GELU, x · Φ(x), with the exact normal distribution function (Hendrycks, Gimpel, 2016), not its tanh approximation. */
export function gelu(x: tf.Tensor): tf.Tensor {
  checkTensors('gelu', { x });
  const below = (x: tf.Tensor) => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
  return withGradient([x], () => ({
    value: isRecording() ? emit('Gelu', [x], [x.shape])[0]! : tf.mul(x, below(x)),
    saved: [x],
    gradients: (dy, [x]) => [
      () => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return withoutTiny(tf.mul(dy, tf.add(below(x!), tf.mul(x!, density))));
      },
    ],
  }));
}

/** The tanh approximation of {@link gelu} that GPT-2 and Gemma use: x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))). */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  checkTensors('geluTanh', { x });
  const scale = Math.sqrt(2 / Math.PI);
  const bend = (x: tf.Tensor) => tf.tanh(tf.mul(tf.mul(x, tf.add(tf.mul(tf.square(x), 0.044715), 1)), scale));
  return withGradient([x], () => ({
    value: isRecording()
      ? emit('Gelu', [x], [x.shape], { approximate: 'tanh' })[0]!
      : tf.mul(tf.mul(x, tf.add(bend(x), 1)), 0.5),
    saved: [x],
    gradients: (dy, [x]) => [
      () => {
        const t = bend(x!);
        const slope = tf.mul(tf.add(tf.mul(tf.square(x!), 3 * 0.044715), 1), scale);
        return tf.mul(dy, tf.mul(tf.add(tf.add(t, 1), tf.mul(tf.mul(x!, slope), tf.sub(1, tf.square(t)))), 0.5));
      },
    ],
  }));
}

/** log(1 + e^x) without overflow or cancellation; -softplus(-x) is log sigmoid(x). */
export function softplus(x: tf.Tensor): tf.Tensor {
  checkTensors('softplus', { x });
  return withGradient([x], () => ({
    value: tf.softplus(x),
    saved: [x],
    gradients: (dy, [x]) => [() => tf.mul(dy, tf.sigmoid(x!))],
  }));
}

/** log sigmoid(x), finite for every finite x. */
export function logSigmoid(x: tf.Tensor): tf.Tensor {
  checkTensors('logSigmoid', { x });
  return tf.neg(softplus(tf.neg(x)));
}
