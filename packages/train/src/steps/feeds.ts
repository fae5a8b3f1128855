import { memoryTables } from '@lea/agents';
import {
  compile,
  interpret,
  type Mode,
  type Program,
  type ProgramSpecs,
  pick,
  prefixed,
  type Runner,
  type Specs,
  type Values,
} from '@lea/tensor';
import type { Plan } from '../options.ts';

/** The inputs of one step, including `key`. */
export function inputSpecs({ agent, batch, window, signals }: Plan): Specs {
  const targets = signals?.targets ? signals.k! : 0;
  const more = { targetRewards: signals?.targetRewards !== undefined, stateSize: signals?.stateSize ?? 0 };
  return { ...agent.inputs(batch, window, targets, more), key: { dtype: 'int32', shape: [2] } };
}

/** Constant inputs of every pass: the text vectors, for encoders that need them. */
export function frozenText({ agent, text }: Plan): Values {
  return text && agent.encoder.needsText ? { text } : {};
}

/** Constant inputs of scoring: text vectors, and the tables of a memory with fusion `joint`. */
export function frozenScoring(plan: Plan): Values {
  return { ...frozenText(plan), ...(plan.joint && memoryTables(plan.joint.state)) };
}

/** Constant inputs of a step: text vectors, statistics, and a target network that this step does not train. */
export function frozenFor(plan: Plan, networks: readonly Values[], main: number): Values {
  const shared = { ...frozenText(plan), ...plan.statistics };
  switch (plan.agent.target) {
    case 'coin':
      return { ...shared, ...prefixed('target/', pick('params/', networks[1 - main]!)) };
    case 'copy':
      return { ...shared, ...prefixed('target/', pick('target/', networks[0]!)) };
    default:
      return shared;
  }
}

/** Prepares a program to run as the plan says: compiled, or eagerly on a tfjs backend. */
export function prepare(plan: Plan, program: Program, specs: ProgramSpecs, mode: Mode): Promise<Runner> {
  const { backend, threads, spinning } = plan;
  if (backend !== undefined) return interpret(program, specs, { backend, mode });
  return compile(program, specs, { mode, spinning, ...(threads !== undefined && { threads }) });
}
