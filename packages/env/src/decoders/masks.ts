import * as tf from '@tensorflow/tfjs';

/** Each position sees itself and what is before it: [1, 1, T, T]. */
export function causalMask(T: number): tf.Tensor {
  return mask(T, (from, to) => to > from);
}

/**
 * Each position sees itself and the `window - 1` before it: [1, 1, T, T].
 *
 * @param positions int32 [B, T] where slots do not stand in the order of their positions: [B, 1, T, T], later ones seen
 */
export function windowMask(T: number, window: number, positions?: tf.Tensor): tf.Tensor {
  if (positions) {
    const [B] = positions.shape as [number];
    const before = tf.sub(tf.reshape(positions, [B, 1, T, 1]), tf.reshape(positions, [B, 1, 1, T]));
    return tf.mul(tf.cast(tf.greaterEqual(before, tf.scalar(window, 'int32')), 'float32'), -1e9);
  }
  return mask(T, (from, to) => to > from || from - to >= window);
}

function mask(T: number, isHidden: (from: number, to: number) => boolean): tf.Tensor {
  const data = Float32Array.from({ length: T * T }, (_, i) => (isHidden(Math.floor(i / T), i % T) ? -1e9 : 0));
  return tf.tensor(data, [1, 1, T, T]);
}

/** Causal, and within runs of equal segment numbers only: [B, T] int32 -> [B, 1, T, T]. */
export function segmentMask(segment: tf.Tensor): tf.Tensor {
  const T = segment.shape[1]!;
  return tf.minimum(tf.mul(tf.cast(tf.logicalNot(sameSegment(segment)), 'float32'), -1e9), causalMask(T));
}

/** Positions within runs of equal segment numbers, each from 0: [B, T] int32 -> [B, T] int32. */
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
