import { LeaError } from '@lea/core';
import {
  type Optimizer,
  type Program,
  pick,
  prefixed,
  type Tensors,
  type Value,
  type Values,
  valueAndGrad,
} from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';

const SLOTS = 'optimizer/';

/** A training step as a program. Its state contains the parameters and, under `optimizer/`, the optimizer's slots. */
export function trainingStep(
  loss: (params: Tensors, inputs: Tensors, frozen: Tensors) => { loss: tf.Scalar; aux?: Tensors },
  optimizer: Optimizer,
): Program {
  return ({ state, inputs, frozen }) => {
    const params = Object.fromEntries(Object.entries(state).filter(([name]) => !name.startsWith(SLOTS)));
    const result = valueAndGrad((p) => loss(p, inputs, frozen), params);
    const updated = optimizer.update(result.grads, pick(SLOTS, state), params);
    return {
      state: { ...params, ...updated.params, ...prefixed(SLOTS, updated.slots) },
      outputs: { loss: result.loss, ...result.aux },
    };
  };
}

/** Initial state of a {@link trainingStep}. */
export function trainingState(params: Values, optimizer: Optimizer): Values {
  return { ...params, ...(prefixed(SLOTS, optimizer.init(params) as never) as unknown as Values) };
}

/** The parameters in the state of a {@link trainingStep}. */
export function parametersOf(state: Values): Values {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !name.startsWith(SLOTS)));
}

/** Stacks the inputs of several steps: each array gets the number of steps as its first dimension. */
export function stack(steps: readonly Values[]): Values {
  const stacked: Values = {};
  for (const [name, first] of Object.entries(steps[0]!)) {
    const size = first.data.length;
    const data = new (first.data.constructor as Float32ArrayConstructor)(size * steps.length);
    for (let i = 0; i < steps.length; i++) data.set(steps[i]![name]!.data as Float32Array, i * size);
    stacked[name] = { dtype: first.dtype, shape: [steps.length, ...first.shape], data } as Value;
  }
  return stacked;
}

/** Mean of losses. @param what name of the model @throws LeaError `E_LOSS_NOT_FINITE`, because training cannot recover */
export function finiteLoss(losses: ArrayLike<number>, what: string): number {
  let sum = 0;
  for (let i = 0; i < losses.length; i++) sum += losses[i]!;
  if (!Number.isFinite(sum)) {
    throw new LeaError('E_LOSS_NOT_FINITE', `The loss of the ${what} is no longer finite.`, {
      hint: 'Lower the learning rate (lr).',
    });
  }
  return sum / losses.length;
}
