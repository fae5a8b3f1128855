import { fold, key, normal } from '@lea/core';
import { fromTensor, keyTensorValue, type Tensors, toTensor, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

export function tensors(values: Values): Tensors {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));
}

export function valuesOf(set: Tensors): Values {
  return Object.fromEntries(Object.entries(set).map(([name, tensor]) => [name, fromTensor(tensor)]));
}

/** `tf.tidy` for functions that return no tensors. */
export function tidied<T>(f: () => T): T {
  let result: T;
  tf.tidy(() => {
    result = f();
  });
  return result!;
}

export const keyTensor = (seed = 0): tf.Tensor => toTensor(keyTensorValue(key(seed)));

/** Adds normal noise to float parameters, because zero or tiny initial values could hide mistakes. */
export function perturbed(params: Values, scale = 0.3): Values {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      if (value.dtype !== 'float32') return [name, value];
      const noise = normal(fold(key(11), name), value.data.length);
      return [name, { ...value, data: Float32Array.from(value.data, (x, i) => x + scale * noise[i]!) }];
    }),
  );
}

/** The maximum absolute value; NaN if any value is NaN. */
export function magnitude(data: ArrayLike<number>): number {
  let greatest = 0;
  for (let i = 0; i < data.length; i++) {
    const size = Math.abs(data[i]!);
    if (Number.isNaN(size)) return Number.NaN;
    if (size > greatest) greatest = size;
  }
  return greatest;
}

/** The maximum absolute difference; Infinity for lists of different lengths. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return magnitude(Float64Array.from({ length: a.length }, (_, i) => a[i]! - b[i]!));
}
