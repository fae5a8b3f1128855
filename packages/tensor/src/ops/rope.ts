import { checkRanges } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { withGradient } from '../gradient.ts';
import { MICROSOFT } from '../onnx/model.ts';
import { currentRecording, emit, isRecording } from '../recorder/emit.ts';

/** Options of `rope`. */
export interface RopeOptions {
  /** Which elements form a pair: neighbors (2i, 2i + 1) if true, halves (i, i + d/2) if false. Default: false. */
  readonly interleaved?: boolean | undefined;
}

/**
 * Rotary position embedding (Su et al., "RoFormer", 2021): every pair (a, b) becomes (a cos - b sin, a sin + b cos).
 *
 * @param x [B, h, T, d], d even
 * @param cos [T, d/2], or [B, T, d/2] if positions differ between rows; gets no gradient
 * @param sin same shape as `cos`
 */
export function rope(
  x: tf.Tensor,
  cos: tf.Tensor,
  sin: tf.Tensor,
  { interleaved = false }: RopeOptions = {},
): tf.Tensor {
  checkTensors('rope', { x, cos, sin });
  return withGradient([x], () => ({
    value: rotate(x, cos, sin, interleaved),
    saved: [cos, sin],
    // The inverse of a rotation is the rotation by the opposite angle.
    gradients: (dy, [cos, sin]) => [() => rotate(dy, cos!, tf.neg(sin!), interleaved)],
  }));
}

/** Tables for `rope`: cos and sin of position / base^(2i/d) for positions 0..length-1, each [length, d/2]. */
export function ropeTables(length: number, width: number, base = 10000): { cos: tf.Tensor; sin: tf.Tensor } {
  checkRanges(
    'ropeTables',
    { length, width, base },
    { length: [0, Infinity, 'whole'], width: [0, Infinity, 'whole'], base: [0, Infinity] },
  );
  const half = width / 2;
  const angles = Array.from(
    { length: length * half },
    (_, n) => Math.floor(n / half) / base ** ((2 * (n % half)) / width),
  );
  return {
    cos: tf.tensor(Float32Array.from(angles, Math.cos), [length, half]),
    sin: tf.tensor(Float32Array.from(angles, Math.sin), [length, half]),
  };
}

function rotate(x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor, interleaved: boolean): tf.Tensor {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  const half = width / 2;
  if (isRecording()) {
    const r = currentRecording();
    const perRow = cos.rank === 3;
    const rows = Int32Array.from({ length: batch * length }, (_, i) => i);
    const positions = perRow
      ? r.reshape(r.cast(r.constant('int32', [rows.length], rows), 'int64'), [batch, length])
      : r.ints([0]);
    const flat = (table: tf.Tensor) => (perRow ? tf.reshape(table, [batch * length, half]) : table);
    return emit(
      'RotaryEmbedding',
      [x, positions, flat(cos), flat(sin)],
      [x.shape],
      { interleaved: Number(interleaved) },
      MICROSOFT,
    )[0]!;
  }
  const [c, s] = cos.rank === 3 ? [tf.expandDims(cos, 1), tf.expandDims(sin, 1)] : [cos, sin];
  const pairs = interleaved ? tf.unstack(tf.reshape(x, [batch, heads, length, half, 2]), -1) : tf.split(x, 2, -1);
  const [a, b] = pairs as [tf.Tensor, tf.Tensor];
  const turned = [tf.sub(tf.mul(a, c), tf.mul(b, s)), tf.add(tf.mul(a, s), tf.mul(b, c))];
  return interleaved ? tf.reshape(tf.stack(turned, -1), x.shape) : tf.concat(turned, -1);
}
