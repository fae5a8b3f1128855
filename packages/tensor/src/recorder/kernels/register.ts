import * as tf from '@tensorflow/tfjs-core';
import { type Info, RECORDER, type RecorderBackend } from '../backend.ts';
import type { Recording } from '../recording.ts';

/** The context of a recorded kernel: the backend creates tensors, the recording takes nodes. */
export interface Context {
  readonly backend: RecorderBackend;
  readonly recording: Recording;
}

type Inputs = Record<string, Info>;
// biome-ignore lint/suspicious/noExplicitAny: every tfjs kernel has different attributes
export type KernelAttributes = any;
type Kernel = (inputs: Inputs, attributes: KernelAttributes, context: Context) => Info | Info[];

/** Registers how a tfjs kernel is recorded. For kernels with a list of inputs, use `Object.values(inputs)`. */
export function record(kernelName: string, kernel: Kernel): void {
  tf.registerKernel({
    kernelName,
    backendName: RECORDER,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const recorder = backend as RecorderBackend;
      const context = { backend: recorder, recording: recorder.recording! };
      return kernel(inputs as unknown as Inputs, attrs ?? {}, context) as tf.TensorInfo | tf.TensorInfo[];
    },
  });
}

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

export function broadcast(a: Info, b: Info): number[] {
  return tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
}
