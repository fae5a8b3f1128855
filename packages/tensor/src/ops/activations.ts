import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../gradient.ts';
import { MICROSOFT } from '../onnx/model.ts';
import { emit, isRecording } from '../recorder/emit.ts';
import { withoutTiny } from './without-tiny.ts';

/** silu(a) · b, the gate of Shazeer, "GLU Variants Improve Transformer", 2020; silu(a) = a · sigmoid(a). Equal shapes. */
export function swiglu(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return withGradient([a, b], () => {
    const s = isRecording()
      ? emit('QuickGelu', [a], [a.shape], { alpha: { float: 1 } }, MICROSOFT)[0]!
      : a.mul(tf.sigmoid(a));
    return {
      value: s.mul(b),
      saved: [a, b, s],
      gradients: (dy, [a, b, s]) => [
        () => {
          const gate = tf.sigmoid(a!);
          return dy.mul(b!).mul(gate.add(s!.sub(s!.mul(gate))));
        },
        () => dy.mul(s!),
      ],
    };
  });
}

/** x · Φ(x) with the exact normal distribution function (Hendrycks, Gimpel, 2016), not its tanh approximation. */
export function gelu(x: tf.Tensor): tf.Tensor {
  const below = (x: tf.Tensor) => tf.erf(x.mul(Math.SQRT1_2)).add(1).mul(0.5);
  return withGradient([x], () => ({
    value: isRecording() ? emit('Gelu', [x], [x.shape])[0]! : x.mul(below(x)),
    saved: [x],
    gradients: (dy, [x]) => [
      () => {
        const density = x!
          .square()
          .mul(-0.5)
          .exp()
          .mul(1 / Math.sqrt(2 * Math.PI));
        return withoutTiny(dy.mul(below(x!).add(x!.mul(density))));
      },
    ],
  }));
}

/** The approximation of {@link gelu} that GPT-2 and Gemma were trained with: x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))). */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  const scale = Math.sqrt(2 / Math.PI);
  const bend = (x: tf.Tensor) => tf.tanh(x.mul(x.square().mul(0.044715).add(1)).mul(scale));
  return withGradient([x], () => ({
    value: isRecording() ? emit('Gelu', [x], [x.shape], { approximate: 'tanh' })[0]! : x.mul(bend(x).add(1)).mul(0.5),
    saved: [x],
    gradients: (dy, [x]) => [
      () => {
        const t = bend(x!);
        const slope = x!
          .square()
          .mul(3 * 0.044715)
          .add(1)
          .mul(scale);
        return dy.mul(
          t
            .add(1)
            .add(x!.mul(slope).mul(tf.sub(1, t.square())))
            .mul(0.5),
        );
      },
    ],
  }));
}

/** log(1 + e^x) without overflow or cancellation; -softplus(-x) is log sigmoid(x). */
export function softplus(x: tf.Tensor): tf.Tensor {
  return withGradient([x], () => ({
    value: tf.softplus(x),
    saved: [x],
    gradients: (dy, [x]) => [() => dy.mul(tf.sigmoid(x!))],
  }));
}

/** log sigmoid(x), finite for every finite x. */
export function logSigmoid(x: tf.Tensor): tf.Tensor {
  return softplus(x.neg()).neg();
}
