import { fold, type Key, LeaError, normal, uniform } from '@lea/core';
import type { Value, Values } from '@lea/tensor';

/** Draws from N(0, std), from a stream named `name`. */
export function normalValue(key: Key, name: string, shape: readonly number[], std: number): Value {
  const data = normal(fold(key, name), size(shape));
  for (let i = 0; i < data.length; i++) data[i]! *= std;
  return { dtype: 'float32', shape, data };
}

/** Truncated N(0, std): draws beyond two standard deviations are repeated. */
export function truncatedNormalValue(key: Key, name: string, shape: readonly number[], std: number): Value {
  const stream = fold(key, name);
  const data = normal(stream, size(shape));
  for (let round = 1; data.some((x) => Math.abs(x) > 2); round++) {
    const again = normal(fold(stream, round), data.length);
    for (let i = 0; i < data.length; i++) if (Math.abs(data[i]!) > 2) data[i] = again[i]!;
  }
  for (let i = 0; i < data.length; i++) data[i]! *= std;
  return { dtype: 'float32', shape, data };
}

/** Uniform draws from [-bound, bound), from a stream named `name`. */
export function uniformValue(key: Key, name: string, shape: readonly number[], bound: number): Value {
  const data = uniform(fold(key, name), size(shape));
  for (let i = 0; i < data.length; i++) data[i] = (2 * data[i]! - 1) * bound;
  return { dtype: 'float32', shape, data };
}

export function filledValue(shape: readonly number[], value: number): Value {
  return { dtype: 'float32', shape, data: new Float32Array(size(shape)).fill(value) };
}

/** Initial parameters of a linear layer: `name.weight` [out, in] Xavier-uniform, `name.bias` zero. */
export function initLinear(key: Key, name: string, out: number, input: number): Values {
  return {
    [`${name}.weight`]: uniformValue(key, `${name}.weight`, [out, input], Math.sqrt(6 / (out + input))),
    [`${name}.bias`]: filledValue([out], 0),
  };
}

/** Initial parameters of a norm: `name.weight` one, `name.bias` zero. */
export function initNorm(name: string, width: number): Values {
  return { [`${name}.weight`]: filledValue([width], 1), [`${name}.bias`]: filledValue([width], 0) };
}

function size(shape: readonly number[]): number {
  const count = shape.reduce((product, n) => product * n, 1);
  allow(count);
  return count;
}

/** Minimum count per parameter, because many small parameters take memory as well. */
const LEAST = 256;
let left = Infinity;

/**
 * Limits the total number of values that `make` may allocate for parameters: sizes in a file could exceed any memory.
 *
 * @throws LeaError `E_POLICY_SHAPE` before the limit is exceeded
 */
export function withinNumbers<T>(most: number, make: () => T): T {
  left = most;
  try {
    return make();
  } finally {
    left = Infinity;
  }
}

/** Subtracts a planned allocation from the remaining limit. @throws LeaError `E_POLICY_SHAPE` */
export function allow(count: number): void {
  left -= Math.max(count, LEAST);
  if (left >= 0) return;
  throw new LeaError('E_POLICY_SHAPE', 'The agent and the shape need far more parameters than the weights contain.', {
    hint: 'The weights belong to a different agent or encoder, or to different options.',
  });
}
