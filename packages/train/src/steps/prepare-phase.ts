import type { Plan } from '../options.ts';
import type { RunState } from '../run-state.ts';
import { denseSteps } from './dense.ts';
import { lazySteps } from './lazy/steps.ts';
import type { Steps } from './steps.ts';

/** Prepares the training step of the run's current phase: on whole item tables, or on the rows of sampled items. */
export function preparePhase(plan: Plan, run: RunState): Promise<Steps> {
  return plan.agent.sampling ? lazySteps(plan, run) : denseSteps(plan, run);
}
