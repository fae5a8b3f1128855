import * as tf from '@tensorflow/tfjs-core';
import { currentRecording, isRecording, namedTensor, nameOf } from '../recorder/emit.ts';

/**
 * Replaces row `ids[i]` of `base` by `rows[i]`; repeated ids must have equal rows. Has no gradient.
 *
 * @param base float32 [N, ...]
 * @param ids int32 [R]
 * @param rows float32 [R, ...]
 */
export function setRows(base: tf.Tensor, ids: tf.Tensor, rows: tf.Tensor): tf.Tensor {
  if (isRecording()) {
    const r = currentRecording();
    const index = r.reshape(r.cast(nameOf(ids), 'int64'), [ids.size, 1]);
    return namedTensor(r.one('ScatterND', [nameOf(base), index, nameOf(rows)]), base.shape);
  }
  if (tf.getBackend() === 'tensorflow') return tf.tensorScatterUpdate(base, tf.expandDims(ids, 1), rows);
  // The cpu backend of tfjs 4.22 would overwrite its argument.
  const data = base.dataSync().slice() as Float32Array;
  const [at, values] = [ids.dataSync(), rows.dataSync() as Float32Array];
  const width = rows.size / ids.size;
  at.forEach((id, i) => {
    data.set(values.subarray(i * width, (i + 1) * width), id * width);
  });
  return tf.tensor(data, base.shape);
}
