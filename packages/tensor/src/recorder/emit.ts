import * as tf from '@tensorflow/tfjs-core';
import type { Attributes } from '../onnx/model.ts';
import type { DType } from '../types.ts';
import { activeRecorder, type Info } from './backend.ts';
import type { Recording } from './recording.ts';

/** Whether a program is being recorded. If so, fused ops append one ONNX node instead of composing tfjs ops. */
export function isRecording(): boolean {
  return activeRecorder() !== undefined;
}

/** The name of a tensor in the current recording. */
export function nameOf(tensor: tf.Tensor): string {
  return activeRecorder()!.name(tensor);
}

/** The current recording, for nodes without a corresponding tensor. */
export function currentRecording(): Recording {
  return activeRecorder()!.recording;
}

/** A tfjs tensor for a name of the current recording. */
export function namedTensor(name: string, shape: readonly number[], dtype: DType = 'float32'): tf.Tensor {
  return wrap(activeRecorder()!.tensor(name, shape, dtype));
}

/** Appends a node to the current recording and returns one float32 tensor per output shape. */
export function emit(
  op: string,
  inputs: readonly (tf.Tensor | string)[],
  shapes: readonly (readonly number[])[],
  attributes: Attributes = {},
  domain = '',
): tf.Tensor[] {
  const names = inputs.map((input) => (typeof input === 'string' ? input : nameOf(input)));
  const outputs = currentRecording().add(op, names, attributes, domain, shapes.length);
  return outputs.map((name, i) => namedTensor(name, shapes[i]!));
}

function wrap(info: Info): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(info);
}
