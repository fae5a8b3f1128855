import * as tf from '@tensorflow/tfjs-core';

/**
 * Replaces the gradients of tfjs 4.22 that are wrong without an error: that of `cumsum` transposes all axes but the last one, and
 * that of `floorDiv` is the one of a division, though the quotient is constant almost everywhere.
 */
export function correctGradients(): void {
  replace(
    'Cumsum',
    (dy, _, attributes) => {
      const { axis, exclusive, reverse } = attributes as unknown as tf.CumsumAttrs;
      return { x: () => tf.cumsum(dy, axis, exclusive, !reverse) };
    },
    [],
  );
  replace(
    'FloorDiv',
    (_, saved) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      return { a: () => tf.zerosLike(a), b: () => tf.zerosLike(b) };
    },
    ['a', 'b'],
  );
}

type Gradient = (dy: tf.Tensor, saved: tf.Tensor[], attributes: tf.NamedAttrMap) => Record<string, () => tf.Tensor>;

function replace(kernelName: string, gradFunc: Gradient, inputsToSave: string[]): void {
  tf.unregisterGradient(kernelName);
  tf.registerGradient({ kernelName, inputsToSave, gradFunc: gradFunc as tf.GradFunc });
}
