import { type ArgumentCheck, argumentCheck, isObject } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';

/** Refuses what are no tensors of tfjs. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkTensors: ArgumentCheck = argumentCheck(
  'a tensor',
  (value) => value instanceof tf.Tensor,
  'Make one with tf.tensor, or of a value with toTensor.',
);

/** Refuses what are no values on the host. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkValueArguments: ArgumentCheck = argumentCheck(
  'a value with dtype, shape and data',
  (value) => isObject(value) && isSpec(value) && ArrayBuffer.isView(value.data),
  'Make one with float32 or int32.',
);

/** Refuses what does not say the type and shape of a tensor. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkSpecs: ArgumentCheck = argumentCheck(
  'an object with dtype and shape',
  (value) => isObject(value) && isSpec(value),
);

/** Refuses what names no inputs of a program. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkProgramSpecs: ArgumentCheck = argumentCheck(
  'the specs of a program',
  (value) => isObject(value) && isObject(value.inputs),
  'They name at least the inputs: { inputs: { x: { dtype: "float32", shape: [2] } } }.',
);

function isSpec({ dtype, shape }: Record<string, unknown>): boolean {
  return typeof dtype === 'string' && Array.isArray(shape);
}
