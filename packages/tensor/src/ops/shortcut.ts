import type * as tf from '@tensorflow/tfjs-core';
import { currentRecording, isRecording, namedTensor, nameOf } from '../recorder/emit.ts';

/**
 * A cheaper way to the same result, which holds only under a condition. A compiled program evaluates `short` if the condition is
 * true, otherwise `general`, and never both. Eagerly, `general` is always evaluated. Has no gradient.
 *
 * @param condition bool []
 * @param short float32, of the same shape as `general`
 * @param general float32
 */
export function shortcut(condition: tf.Tensor, short: () => tf.Tensor, general: () => tf.Tensor): tf.Tensor {
  if (!isRecording()) return general();
  const r = currentRecording();
  let shape: number[] = [];
  const branch = (name: string, body: () => tf.Tensor) => {
    const graph = r.graph(name, () => {
      const result = body();
      shape = result.shape;
      return { name: nameOf(result), dtype: 'float32', shape };
    });
    return { graph };
  };
  const branches = { then_branch: branch('then', short), else_branch: branch('else', general) };
  return namedTensor(r.one('If', [nameOf(condition)], branches), shape);
}
