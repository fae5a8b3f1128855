import * as tf from '@tensorflow/tfjs-core';
import { currentRecording, isRecording, namedTensor, nameOf } from '../recorder/emit.ts';

/**
 * Adds `rows[i]` to row `ids[i]` of `base`; repeated ids accumulate. Has no gradient, because gradients are built from it.
 *
 * @param base [N, D], or undefined for zeros
 * @param ids int32 [R]
 * @param rows [R, D]
 */
export function addRows(base: tf.Tensor | undefined, ids: tf.Tensor, rows: tf.Tensor, count: number): tf.Tensor {
  const shape = [count, rows.shape[1]!];
  if (isRecording()) {
    const r = currentRecording();
    const index = r.reshape(r.cast(nameOf(ids), 'int64'), [ids.size, 1]);
    const start = base ? nameOf(base) : r.filled('float32', shape, 0);
    return namedTensor(r.addRows(start, index, nameOf(rows), [ids.size, count, shape[1]!]), shape);
  }
  if (tf.getBackend() === 'tensorflow') {
    const sum = tf.unsortedSegmentSum(rows, ids as tf.Tensor1D, count);
    return base ? tf.add(base, sum) : sum;
  }
  // The segment sum of tfjs makes one pass over all rows per segment, which takes minutes with thousands of segments.
  return tf.tensor(addOnHost(base?.dataSync(), ids.dataSync(), rows.dataSync(), count, shape[1]!), shape);
}

function addOnHost(
  base: ArrayLike<number> | undefined,
  ids: ArrayLike<number>,
  rows: ArrayLike<number>,
  count: number,
  width: number,
): Float32Array {
  const sum = base ? Float32Array.from(base) : new Float32Array(count * width);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id < 0 || id >= count) throw new RangeError(`Expected a row id in 0..${count - 1}, got ${id}.`);
    for (let j = 0; j < width; j++) sum[id * width + j]! += rows[i * width + j]!;
  }
  return sum;
}
