import type * as tf from '@tensorflow/tfjs';
import { withGradient } from '../gradient.ts';
import { emit, isRecording } from '../recorder/emit.ts';

/**
 * Layer normalisation over the last axis (Ba, Kiros, Hinton, "Layer Normalization", 2016):
 * gain * (x - mean) / sqrt(variance + eps) + bias.
 *
 * @param x [..., D]
 * @param gain [D]
 * @param bias [D]
 * @param eps added to the variance; default 1e-8. Larger values damp rows of small variance.
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, eps = 1e-8): tf.Tensor {
  const leading = x.shape.slice(0, -1).map((_, axis) => axis);
  return withGradient([x, gain, bias], () => {
    const [value, mean, inverse] = normalised(x, gain, bias, eps);
    return {
      value,
      saved: [x, gain, mean, inverse],
      gradients: (dy, [x, gain, mean, inverse]) => {
        const unit = x!.sub(mean!).mul(inverse!);
        return [
          () => {
            const d = dy.mul(gain!);
            const centred = d.sub(d.mean(-1, true)).sub(unit.mul(d.mul(unit).mean(-1, true)));
            return centred.mul(inverse!);
          },
          () => dy.mul(unit).sum(leading),
          () => dy.sum(leading),
        ];
      },
    };
  });
}

function normalised(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, eps: number): [tf.Tensor, tf.Tensor, tf.Tensor] {
  if (isRecording()) {
    const row = [...x.shape.slice(0, -1), 1];
    const attributes = { axis: -1, epsilon: { float: eps } };
    return emit('LayerNormalization', [x, gain, bias], [x.shape, row, row], attributes) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
  }
  const mean = x.mean(-1, true);
  const centred = x.sub(mean);
  const inverse = centred.square().mean(-1, true).add(eps).rsqrt();
  return [centred.mul(inverse).mul(gain).add(bias), mean, inverse];
}
