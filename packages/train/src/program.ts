import type { Agent } from '@lea/agents';
import { adam, type Program, pick, prefixed, type Specs, type Values, valueAndGrad } from '@lea/tensor';
import type { Plan } from './options.ts';

/**
 * One training step of a phase as a program: loss, gradients, Adam.
 *
 * State: `params/...` and `slots/...`, and with a Polyak target `target/...`, moved by `tau` towards the parameters after
 * each update. Inputs: what the agent's loss reads, and `key`. Frozen: `target/...` when two networks take turns, `text`.
 * Outputs: `loss` and the agent's metrics, scalars.
 */
export function trainingProgram(agent: Agent, phase: Agent['phases'][number]): Program {
  const optimizer = adam(phase.optimizer);
  return ({ state, inputs, frozen }) => {
    const { key, ...batch } = inputs;
    const params = pick('params/', state);
    const target = pick('target/', agent.target === 'polyak' ? state : frozen);
    const withTarget = agent.target === 'none' ? {} : { target };
    const shared = Object.fromEntries(Object.entries(frozen).filter(([name]) => !name.startsWith('target/')));
    const { loss, aux, grads } = valueAndGrad((trained) => {
      const result = agent.loss({
        params: trained,
        ...withTarget,
        batch,
        key: key!,
        phase: phase.name,
        frozen: shared,
      });
      return { loss: result.loss, aux: result.metrics };
    }, params);
    const next = optimizer.update(grads, pick('slots/', state), params);
    const moved =
      agent.target === 'polyak'
        ? Object.fromEntries(
            Object.entries(target).map(([name, old]) => [name, old.add(next.params[name]!.sub(old).mul(agent.tau))]),
          )
        : {};
    return {
      state: { ...prefixed('params/', next.params), ...prefixed('slots/', next.slots), ...prefixed('target/', moved) },
      outputs: { loss, ...aux },
    };
  };
}

/** The state one network starts with: parameters, and the copy of them that a Polyak target begins as. */
export function initialState(agent: Agent, params: Values): Values {
  return { ...prefixed('params/', params), ...(agent.target === 'polyak' ? prefixed('target/', copied(params)) : {}) };
}

/** The same values in arrays of their own: training writes over the arrays of older states. */
export function copied(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: data.slice() }]),
  );
}

/** State with the fresh optimiser slots of a phase; slots it had are dropped. */
export function withSlots(phase: Agent['phases'][number], state: Values): Values {
  const slots = adam(phase.optimizer).init(pick('params/', state));
  return { ...withoutSlots(state), ...prefixed('slots/', slots) };
}

/** What a network is without its optimiser: what is kept of the best step. */
export function withoutSlots(state: Values): Values {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !name.startsWith('slots/')));
}

/** What one step of the plan reads, `key` included. */
export function inputSpecs({ agent, batch, window, signals }: Plan): Specs {
  return { ...agent.inputs(batch, window, signals?.targets ? signals.k! : 0), key: { dtype: 'int32', shape: [2] } };
}

/** Frozen feed shared by all networks. */
export function sharedFrozen({ agent, text }: Plan): Values {
  return text && agent.encoder.needsText ? { text } : {};
}
