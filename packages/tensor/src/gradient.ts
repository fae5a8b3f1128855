import * as tf from '@tensorflow/tfjs-core';
import type { Tensors } from './types.ts';

/** What an op with a hand-written gradient computes. */
export interface Forward {
  readonly value: tf.Tensor;
  /** Tensors made in the forward pass that the gradient needs: they are handed back to it, kept alive. */
  readonly saved: tf.Tensor[];
  /** One thunk per input, called only when that input takes part in what is differentiated. */
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
 * An op with a hand-written gradient. Differs from `tf.customGrad` in that gradients of inputs nobody asks for (frozen
 * weights) are not computed.
 *
 * @param inputs the float32 tensors to differentiate by; what else the op reads belongs in `saved`
 */
export function withGradient(inputs: tf.Tensor[], forward: () => Forward): tf.Tensor {
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
 * @param f gives the loss (a scalar) and, if wanted, other tensors computed on the way (`aux`)
 * @returns `grads` holds only the parameters that take part in the loss
 */
export function valueAndGrad(
  f: (params: Tensors) => { loss: tf.Tensor; aux?: Tensors },
  params: Tensors,
): { loss: tf.Scalar; aux: Tensors; grads: Tensors } {
  const names = Object.keys(params);
  let kept: Tensors = {};
  const run = () => {
    const { loss, aux = {} } = f(params);
    // The engine disposes of what the forward pass leaves behind; clones survive because they are kept.
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

/** The same numbers, through which no gradient flows. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const engine = tf.engine();
  // A second tensor over the same data is unknown to the tape; the backend counts both, so either may be disposed of.
  engine.backend.incRef(x.dataId);
  return engine.makeTensorFromDataId(x.dataId, x.shape, x.dtype) as T;
}
