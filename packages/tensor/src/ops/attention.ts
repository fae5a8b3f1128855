import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { MICROSOFT } from '../onnx/model.ts';
import { emit, isRecording } from '../recorder/emit.ts';
import { maskedSoftmax } from './masked-softmax.ts';

/**
 * Scaled dot-product attention (Vaswani et al., 2017): softmax(scale · q kᵀ + mask) v. If keys and values have fewer heads
 * than queries, consecutive query heads share one (grouped-query attention, Ainslie et al., 2023).
 *
 * @param q [B, h, Tq, d]
 * @param k [B, g, Tk, d], g divides h
 * @param v [B, g, Tk, e]
 * @param mask additive, broadcastable to [B, h, Tq, Tk], or null; use -1e9 to mask (a row of -Infinity gives NaN). It gets no
 *   gradient.
 * @param scale usually 1 / sqrt(d)
 * @returns [B, h, Tq, e]
 */
export function attention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, mask: tf.Tensor | null, scale: number): tf.Tensor {
  checkTensors('attention', { q, k, v });
  const [batch, heads, queries, width] = q.shape as [number, number, number, number];
  const groups = k.shape[1]!;
  const grouped = heads === groups ? q : tf.reshape(q, [batch, groups, (heads / groups) * queries, width]);
  const all = [batch, heads, queries, k.shape[2]!];
  const result = withGradient([grouped, k, v], () => {
    const logits = product(grouped, k, false, true, scale);
    const masked = mask ? tf.reshape(tf.add(tf.reshape(logits, all), mask), logits.shape) : logits;
    const p = mask ? maskedSoftmax(masked) : tf.softmax(masked);
    const o = tf.matMul(p, v);
    return {
      value: o,
      saved: [grouped, k, v, p, o],
      gradients: (dy, [q, k, v, p, o]) => {
        const d = tf.mul(p!, tf.sub(product(dy, v!, false, true), tf.sum(tf.mul(dy, o!), -1, true)));
        return [
          () => product(d, k!, false, false, scale),
          () => product(d, q!, true, false, scale),
          () => product(p!, dy, true, false),
        ];
      },
    };
  });
  return tf.reshape(result, [batch, heads, queries, v.shape[3]!]);
}

/** scale · op(a) op(b) over the last two axes. */
function product(a: tf.Tensor, b: tf.Tensor, transA: boolean, transB: boolean, scale = 1): tf.Tensor {
  if (!isRecording()) {
    const y = tf.matMul(a, b, transA, transB);
    return scale === 1 ? y : tf.mul(y, scale);
  }
  const shape = [...a.shape.slice(0, -2), a.shape.at(transA ? -1 : -2)!, b.shape.at(transB ? -2 : -1)!];
  const attributes = { transA: Number(transA), transB: Number(transB), alpha: { float: scale } };
  return emit('FusedMatMul', [a, b], [shape], attributes, MICROSOFT)[0]!;
}
