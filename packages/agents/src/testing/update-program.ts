import { adam, type Program, pick, prefixed, type Values, valueAndGrad } from '@lea/tensor';
import type { Agent, Phase } from '../types.ts';

/** One update of a phase: loss, gradients, Adam. */
export interface UpdateProgram {
  /**
   * State: `params/...`, `slots/...`. Inputs: the batch and `key`. Frozen: `target/...`, `frozen/...`. Outputs: `loss`,
   * `metric/...`, `gradient/...`.
   */
  readonly program: Program;
  /** The initial state of a phase. */
  state(params: Values): Values;
}

export function updateProgram(agent: Agent, phase: Phase, lr: number): UpdateProgram {
  const optimizer = adam({ lr });
  const program: Program = ({ state, inputs: { key, ...batch }, frozen }) => {
    const params = pick('params/', state);
    const rest = {
      ...(agent.target !== 'none' && { target: pick('target/', frozen) }),
      batch,
      key: key!,
      phase: phase.name,
      frozen: pick('frozen/', frozen),
    };
    const { loss, aux, grads } = valueAndGrad((by) => {
      const result = agent.loss({ params: by, ...rest });
      return { loss: result.loss, aux: result.metrics };
    }, params);
    const next = optimizer.update(grads, pick('slots/', state), params);
    return {
      state: { ...prefixed('params/', next.params), ...prefixed('slots/', next.slots) },
      outputs: { loss, ...prefixed('metric/', aux), ...prefixed('gradient/', grads) },
    };
  };
  return {
    program,
    state: (params) => ({ ...prefixed('params/', params), ...prefixed('slots/', optimizer.init(params)) }),
  };
}
