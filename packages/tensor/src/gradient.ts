import { checkArrays, checkFunctions, checkObjects } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from './arguments.ts';
import type { Tensors } from './types.ts';

/** Forward result and gradients of an op with a hand-written gradient. */
export interface Forward {
  /** Result of the op. */
  readonly value: tf.Tensor;
  /** Tensors that the gradient needs; they are kept alive and passed to it. */
  readonly saved: tf.Tensor[];
  /** Returns one thunk per input, called only if a gradient of that input is needed. */
  readonly gradients: (dy: tf.Tensor, saved: tf.Tensor[]) => (() => tf.Tensor)[];
}

interface CustomOps {
  runKernelFunc(op: {
    forwardFunc: (backend: unknown, save: (tensors: tf.Tensor[]) => void) => tf.Tensor;
    backwardsFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => Record<string, () => tf.Tensor>;
    inputs: Record<string, tf.Tensor>;
  }): tf.Tensor;
}

/**
 * An op with a hand-written gradient. In contrast to `tf.customGrad`, gradients that are not needed (of frozen weights) are
 * not computed.
 *
 * @param inputs the float32 tensors to differentiate with respect to; other tensors that the gradient needs go into `saved`
 */
export function withGradient(inputs: tf.Tensor[], forward: () => Forward): tf.Tensor {
  checkArrays('withGradient', { inputs });
  checkFunctions('withGradient', { forward });
  let gradients: Forward['gradients'] | undefined;
  return (tf.engine() as unknown as CustomOps).runKernelFunc({
    inputs: Object.fromEntries(inputs.map((input, i) => [String(i), input])),
    forwardFunc: (_, save) => {
      const result = forward();
      gradients = result.gradients;
      save(result.saved);
      return result.value;
    },
    backwardsFunc: (dy, saved) => Object.fromEntries(gradients!(dy, saved).map((gradient, i) => [String(i), gradient])),
  });
}

/**
 * Value and gradient of a scalar function of named parameters.
 *
 * @param f returns the loss (a scalar) and optionally other tensors (`aux`)
 * @returns `grads` has only the parameters on which the loss depends
 */
export function valueAndGrad(
  f: (params: Tensors) => { loss: tf.Tensor; aux?: Tensors },
  params: Tensors,
): { loss: tf.Scalar; aux: Tensors; grads: Tensors } {
  checkFunctions('valueAndGrad', { f });
  checkObjects('valueAndGrad', { params });
  const names = Object.keys(params);
  let kept: Tensors = {};
  const run = () => {
    const { loss, aux = {} } = f(params);
    // The engine disposes intermediate tensors of the forward pass; tf.keep protects the clones.
    kept = Object.fromEntries(Object.entries(aux).map(([name, tensor]) => [name, tf.keep(tensor.clone())]));
    return loss;
  };
  const list = names.map((name) => params[name]!);
  const { value, grads } = tf.engine().gradients(run, list, undefined, true);
  const aux: Tensors = {};
  for (const [name, tensor] of Object.entries(kept)) {
    aux[name] = tensor.clone();
    tensor.dispose();
  }
  const given = names.flatMap((name, i) => (grads[i] ? [[name, grads[i]] as const] : []));
  return { loss: value as tf.Scalar, aux, grads: Object.fromEntries(given) };
}

/** Identity that blocks gradients. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  checkTensors('stopGradient', { x });
  const engine = tf.engine();
  // A second tensor over the same data is not on the gradient tape. The backend counts references, so either may be disposed.
  engine.backend.incRef(x.dataId);
  return engine.makeTensorFromDataId(x.dataId, x.shape, x.dtype) as T;
}
