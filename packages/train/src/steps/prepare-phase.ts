import type { Plan } from '../options.ts';
import type { RunState } from '../run-state.ts';
import { denseSteps } from './dense.ts';
import { lazySteps } from './lazy/steps.ts';
import { pairSteps } from './pair.ts';
import type { Steps } from './steps.ts';

/** Prepares the training step of the run's current phase: on the rows of sampled items, or on whole item tables. */
export function preparePhase(plan: Plan, run: RunState): Promise<Steps> {
  if (plan.agent.sampling) return lazySteps(plan, run);
  return plan.networks === 2 ? pairSteps(plan, run) : denseSteps(plan, run);
}
