import { checkArrays, checkNumbers, checkObjects, LeaError } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkSpecs, checkTensors, checkValueArguments } from './arguments.ts';
import type { DType, ProgramSpecs, Spec, Specs, Value, Values } from './types.ts';

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  checkArrays('sizeOf', { shape });
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** An array of zeros for an element type. */
export function arrayOf(dtype: DType, size: number): Value['data'] {
  return dtype === 'float32' ? new Float32Array(size) : dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}

/** A float32 value. A Float32Array is used without a copy; other arrays are copied. Default shape: a vector. */
export function float32(data: ArrayLike<number>, shape?: readonly number[]): Value {
  checkNumbers('float32', { data });
  if (shape !== undefined) checkArrays('float32', { shape });
  return {
    dtype: 'float32',
    shape: shape ?? [data.length],
    data: data instanceof Float32Array ? data : Float32Array.from(data),
  };
}

/** An int32 value. An Int32Array is used without a copy; other arrays are copied. Default shape: a vector. */
export function int32(data: ArrayLike<number>, shape?: readonly number[]): Value {
  checkNumbers('int32', { data });
  if (shape !== undefined) checkArrays('int32', { shape });
  return {
    dtype: 'int32',
    shape: shape ?? [data.length],
    data: data instanceof Int32Array ? data : Int32Array.from(data),
  };
}

/** A value of zeros. */
export function zeros(spec: Spec): Value {
  checkSpecs('zeros', { spec });
  const { dtype, shape } = spec;
  return { dtype, shape, data: arrayOf(dtype, sizeOf(shape)) };
}

/** The specs of some values or tensors. */
export function specsOf(values: Record<string, { dtype: string; shape: readonly number[] }>): Specs {
  checkObjects('specsOf', { values });
  for (const [name, value] of Object.entries(values)) checkSpecs('specsOf', { [name]: value });
  return Object.fromEntries(
    Object.entries(values).map(([name, { dtype, shape }]) => [name, { dtype: dtype as DType, shape: [...shape] }]),
  );
}

/** Creates a tensor on the active tfjs backend. */
export function toTensor(value: Value): tf.Tensor {
  checkValueArguments('toTensor', { value });
  return tf.tensor(value.data, [...value.shape], value.dtype);
}

/** Copies the data of a tensor of an eager backend. */
export function fromTensor(tensor: tf.Tensor): Value {
  checkTensors('fromTensor', { tensor });
  const data = tensor.dataSync().slice() as Value['data'];
  return { dtype: tensor.dtype as DType, shape: tensor.shape, data };
}

/**
 * Refuses constants that are malformed or that are also frozen inputs.
 *
 * @throws LeaError `E_FEED`, `E_PROGRAM`
 */
export function checkConstants({ frozen = {}, constants = {} }: ProgramSpecs): void {
  checkValues('constants', specsOf(constants), constants);
  const twice = Object.keys(constants).find((name) => name in frozen);
  if (twice === undefined) return;
  const hint = 'Remove it from `frozen` or from `constants`.';
  throw new LeaError('E_PROGRAM', 'A tensor is in both `frozen` and `constants`.', { value: twice, hint });
}

/**
 * Refuses values that do not match their specs.
 *
 * @param where describes the values in the error message
 * @param steps leading dimension of every value, in addition to its spec's shape
 * @throws LeaError `E_FEED`
 */
export function checkValues(where: string, specs: Specs, values: Values, steps?: number): void {
  for (const name of Object.keys(values)) {
    if (!(name in specs)) {
      const hint = `Known names: ${Object.keys(specs).join(', ') || 'none'}.`;
      throw new LeaError('E_FEED', `Unknown name in the ${where}.`, { value: name, hint });
    }
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = values[name];
    if (!value) throw new LeaError('E_FEED', `A tensor is missing in the ${where}: "${name}".`);
    const shape = steps === undefined ? spec.shape : [steps, ...spec.shape];
    const wanted = `${spec.dtype}[${shape.join(', ')}]`;
    const given = `${value.dtype}[${value.shape.join(', ')}]`;
    if (wanted !== given || value.data.length !== sizeOf(shape)) {
      const hint = `Expected ${wanted} with ${sizeOf(shape)} elements.`;
      throw new LeaError('E_FEED', `Tensor "${name}" in the ${where} does not fit the program.`, {
        value: `${given}, ${value.data.length} elements`,
        hint,
      });
    }
    if (!(value.data instanceof arrayOf(spec.dtype, 0).constructor)) {
      const hint = `Use ${arrayOf(spec.dtype, 0).constructor.name}.`;
      throw new LeaError('E_FEED', `Tensor "${name}" in the ${where} has the wrong type of array.`, {
        value: value.data.constructor.name,
        hint,
      });
    }
  }
}
