import { checkRanges } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DecoderConfig } from './config.ts';
import type { DecoderMode } from './decoder-mode.ts';

/** Additive mask in which each position attends to itself and all before it, [1, 1, T, T]. */
export function causalMask(T: number): tf.Tensor {
  checkRanges('causalMask', { T }, { T: [0, Infinity, 'whole'] });
  return mask(T, (from, to) => to > from);
}

/** Additive mask in which each position attends to itself and the `window - 1` before it, [1, 1, T, T]. */
export function windowMask(T: number, window: number): tf.Tensor {
  return mask(T, (from, to) => to > from || from - to >= window);
}

/** Masks of the layers with a window. @param T number of inputs, including `past` */
export function narrowed(config: DecoderConfig, T: number, mode: DecoderMode): Pick<DecoderMode, 'mask' | 'branches'> {
  const { mask, branches, positions, past } = mode;
  const { window } = config;
  if (window === undefined || window >= T) return { mask, ...(branches && { branches }) };
  if (!branches && !past) return { mask: tf.minimum(mask, windowMask(T, window)) };
  const { count, size } = branches ?? { count: 0, size: 0 };
  const [B, inputs] = positions!.shape as [number, number];
  const all = count * size;
  const front = inputs > all ? [tf.slice(positions!, [0, 0], [B, inputs - all])] : [];
  const trunk = tf.concat([...(past ? [past.positions] : []), ...front], 1);
  const near = { mask: front[0] ? tf.minimum(mask, distanceMask(front[0], trunk, window)) : mask };
  if (!branches) return near;
  const back = tf.reshape(tf.slice(positions!, [0, inputs - all], [B, all]), [B * count, size]);
  const before = tf.tile(tf.reshape(trunk, [B, 1, trunk.shape[1]!]), [1, count, 1]);
  const seen = tf.concat([tf.reshape(before, [B * count, trunk.shape[1]!]), back], 1);
  return { ...near, branches: { ...branches, mask: tf.minimum(branches.mask, distanceMask(back, seen, window)) } };
}

/** Additive mask of the positions up to `last`, int32 [B, 1] -> [B, 1, 1, T]. */
export function prefixMask(last: tf.Tensor, T: number): tf.Tensor {
  const positions = tf.reshape(tf.range(0, T, 1, 'int32'), [1, T]);
  return tf.reshape(hiding(tf.greater(positions, last)), [last.shape[0]!, 1, 1, T]);
}

/** Additive mask that hides keys `window` positions or more before the query: int32 [B, n] and [B, k] -> [B, 1, n, k]. */
export function distanceMask(from: tf.Tensor, to: tf.Tensor, window: number): tf.Tensor {
  const [B, n] = from.shape as [number, number];
  const before = tf.sub(tf.reshape(from, [B, 1, n, 1]), tf.reshape(to, [B, 1, 1, to.shape[1]!]));
  return hiding(tf.greaterEqual(before, tf.scalar(window, 'int32')));
}

/** -1e9 where the condition holds, else 0. */
function hiding(condition: tf.Tensor): tf.Tensor {
  return tf.mul(tf.cast(condition, 'float32'), -1e9);
}

function mask(T: number, isHidden: (from: number, to: number) => boolean): tf.Tensor {
  const data = Float32Array.from({ length: T * T }, (_, i) => (isHidden(Math.floor(i / T), i % T) ? -1e9 : 0));
  return tf.tensor(data, [1, 1, T, T]);
}

/** Additive causal mask within segments of equal numbers: int32 [B, T] -> [B, 1, T, T]. */
export function segmentMask(segment: tf.Tensor): tf.Tensor {
  const T = segment.shape[1]!;
  return tf.minimum(hiding(tf.logicalNot(sameSegment(segment))), causalMask(T));
}

/** Positions within segments of equal numbers, from 0: int32 [B, T] -> int32 [B, T]. */
export function segmentPositions(segment: tf.Tensor): tf.Tensor {
  const [B, T] = segment.shape as [number, number];
  const before = Float32Array.from({ length: T * T }, (_, i) => (i % T < Math.floor(i / T) ? 1 : 0));
  const same = tf.cast(tf.reshape(sameSegment(segment), [B, T, T]), 'float32');
  return tf.cast(tf.sum(tf.mul(same, tf.tensor(before, [1, T, T])), 2), 'int32');
}

function sameSegment(segment: tf.Tensor): tf.Tensor {
  const [B, T] = segment.shape as [number, number];
  return tf.equal(tf.reshape(segment, [B, 1, T, 1]), tf.reshape(segment, [B, 1, 1, T]));
}
