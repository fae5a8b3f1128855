import type { Agent, Phase } from '@lea/agents';
import { adam, type Program, pick, prefixed, type Tensors, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/** The inputs of a learning step. */
interface Learning {
  readonly params: Tensors;
  readonly slots: Tensors;
  /** Parameters of the target network, for agents that have one. */
  readonly target: Tensors;
  readonly batch: Tensors;
  readonly key: tf.Tensor;
  readonly frozen: Tensors;
  /** Size of the catalog, when the tables hold only part of it. */
  readonly items?: number;
}

/** The common part of all training programs: loss, gradients, Adam and the update of a moving average. */
export function learningStep(
  agent: Agent,
  phase: Phase,
): (from: Learning) => { readonly next: Tensors; readonly grads: Tensors; readonly outputs: Tensors } {
  const optimizer = adam(phase.optimizer);
  return ({ params, slots, target, ...rest }) => {
    const { loss, aux, grads } = valueAndGrad((trained) => {
      const withTarget = agent.target === 'none' ? {} : { target };
      const result = agent.loss({ params: trained, ...withTarget, ...rest, phase: phase.name });
      return { loss: result.loss, aux: result.metrics };
    }, params);
    const updated = optimizer.update(grads, slots, params);
    const moved = agent.target === 'polyak' ? follow(target, updated.params, agent.tau) : {};
    return {
      next: {
        ...prefixed('params/', updated.params),
        ...prefixed('slots/', updated.slots),
        ...prefixed('target/', moved),
      },
      grads,
      outputs: { loss, ...aux },
    };
  };
}

/**
 * One training step of a phase as a program.
 *
 * State: `params/...` and `slots/...`, and with a Polyak target `target/...`, which moves towards the parameters by `tau` after
 * each update. Inputs: the inputs of the agent's loss, and `key`. Frozen: any other `target/...`, the statistics in
 * `Agent.frozen`, and `text`. Outputs: `loss` and the agent's metrics, all scalars.
 */
export function trainingProgram(agent: Agent, phase: Phase): Program {
  const step = learningStep(agent, phase);
  return ({ state, inputs, frozen }) => {
    const { key, ...batch } = inputs;
    const { next, outputs } = step({
      params: pick('params/', state),
      slots: pick('slots/', state),
      target: pick('target/', agent.target === 'polyak' ? state : frozen),
      batch,
      key: key!,
      frozen: Object.fromEntries(Object.entries(frozen).filter(([name]) => !name.startsWith('target/'))),
    });
    return { state: next, outputs };
  };
}

function follow(target: Tensors, params: Tensors, tau: number): Tensors {
  return Object.fromEntries(
    Object.entries(target).map(([name, old]) => [name, tf.add(old, tf.mul(tf.sub(params[name]!, old), tau))]),
  );
}
