import { LeaError } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DType, ProgramSpecs, Spec, Specs, Value, Values } from './types.ts';

/** Number of elements. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** An array of zeros of the element type. */
export function arrayOf(dtype: DType, size: number): Value['data'] {
  return dtype === 'float32' ? new Float32Array(size) : dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}

/** A float32 value; plain numbers are copied, a Float32Array is kept. */
export function float32(data: ArrayLike<number>, shape: readonly number[] = [data.length]): Value {
  return { dtype: 'float32', shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** An int32 value; plain numbers are copied, an Int32Array is kept. */
export function int32(data: ArrayLike<number>, shape: readonly number[] = [data.length]): Value {
  return { dtype: 'int32', shape, data: data instanceof Int32Array ? data : Int32Array.from(data) };
}

/** A value of zeros. */
export function zeros({ dtype, shape }: Spec): Value {
  return { dtype, shape, data: arrayOf(dtype, sizeOf(shape)) };
}

/** The specs of a set of values (or of tensors). */
export function specsOf(values: Record<string, { dtype: string; shape: readonly number[] }>): Specs {
  return Object.fromEntries(
    Object.entries(values).map(([name, { dtype, shape }]) => [name, { dtype: dtype as DType, shape: [...shape] }]),
  );
}

/** A tensor on the active tfjs backend. */
export function toTensor(value: Value): tf.Tensor {
  return tf.tensor(value.data, [...value.shape], value.dtype);
}

/** The data of a tensor of an eager backend, copied. */
export function fromTensor(tensor: tf.Tensor): Value {
  const data = tensor.dataSync().slice() as Value['data'];
  return { dtype: tensor.dtype as DType, shape: tensor.shape, data };
}

/**
 * Refuses constants that are no whole values, or that are to be fed as well.
 *
 * @throws LeaError `E_FEED`, `E_PROGRAM`
 */
export function checkConstants({ frozen = {}, constants = {} }: ProgramSpecs): void {
  checkValues('constants', specsOf(constants), constants);
  const twice = Object.keys(constants).find((name) => name in frozen);
  if (twice === undefined) return;
  const hint = 'Take it out of the specs in `frozen`, or out of `constants`.';
  throw new LeaError('E_PROGRAM', 'A tensor is both a constant and fed.', { value: twice, hint });
}

/**
 * Refuses values that differ from their specs.
 *
 * @param where what the set is, for the message
 * @param steps leading dimension that every value must have besides its spec's shape
 * @throws LeaError `E_FEED`
 */
export function checkValues(where: string, specs: Specs, values: Values, steps?: number): void {
  for (const name of Object.keys(values)) {
    if (!(name in specs)) {
      const hint = `Known names: ${Object.keys(specs).join(', ') || 'none'}.`;
      throw new LeaError('E_FEED', `The program has no ${where} of that name.`, { value: name, hint });
    }
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = values[name];
    if (!value) throw new LeaError('E_FEED', `The ${where} lacks a value the program needs.`, { value: name });
    const shape = steps === undefined ? spec.shape : [steps, ...spec.shape];
    const wanted = `${spec.dtype}[${shape.join(', ')}]`;
    const given = `${value.dtype}[${value.shape.join(', ')}]`;
    if (wanted !== given || value.data.length !== sizeOf(shape)) {
      const hint = `It must be ${wanted} with ${sizeOf(shape)} elements.`;
      throw new LeaError('E_FEED', `The ${where} "${name}" does not fit the program.`, {
        value: `${given}, ${value.data.length} elements`,
        hint,
      });
    }
    if (!(value.data instanceof arrayOf(spec.dtype, 0).constructor)) {
      const hint = `Use ${arrayOf(spec.dtype, 0).constructor.name}.`;
      throw new LeaError('E_FEED', `The ${where} "${name}" has the wrong kind of array.`, {
        value: value.data.constructor.name,
        hint,
      });
    }
  }
}
