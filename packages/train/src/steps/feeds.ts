import { memoryTables } from '@lea/agents';
import { pick, prefixed, type Specs, type Values } from '@lea/tensor';
import type { Plan } from '../options.ts';

/** The inputs of one step, including `key`. @param width of the windows */
export function inputSpecs({ agent, batch, window, signals, sampler }: Plan, width: number = window): Specs {
  const targets = signals?.targets ? signals.k! : 0;
  const more = {
    targetRewards: signals?.targetRewards !== undefined,
    stateSize: signals?.stateSize ?? 0,
    rowWeights: sampler.type === 'sequences',
  };
  return { ...agent.inputs(batch, width, targets, more), key: { dtype: 'int32', shape: [2] } };
}

/** Constant inputs of every pass: the text vectors, for encoders that need them. */
export function frozenText({ agent, text }: Plan): Values {
  return text && agent.encoder.needsText ? { text } : {};
}

/** Constant inputs of scoring: text vectors, and the tables of a memory with fusion `joint`. */
export function frozenScoring(plan: Plan): Values {
  return { ...frozenText(plan), ...(plan.joint && memoryTables(plan.joint.state)) };
}

/** Constant inputs of every step: text vectors and statistics. */
export function frozenOfSteps(plan: Plan): Values {
  return { ...frozenText(plan), ...plan.statistics };
}

/** Constant inputs of a step: those of every step, and a target network that this step does not train. */
export function frozenFor(plan: Plan, networks: readonly Values[], main: number): Values {
  const shared = frozenOfSteps(plan);
  switch (plan.agent.target) {
    case 'coin':
      return { ...shared, ...prefixed('target/', pick('params/', networks[1 - main]!)) };
    case 'copy':
      return { ...shared, ...prefixed('target/', pick('target/', networks[0]!)) };
    default:
      return shared;
  }
}
