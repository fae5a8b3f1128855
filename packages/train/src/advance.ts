import type { Chunk } from './batches.ts';
import type { RunState } from './checkpoint.ts';
import { denseSteps } from './dense.ts';
import { lazySteps } from './lazy/steps.ts';
import type { Plan } from './options.ts';
import type { Advanced } from './tally.ts';

/** The training step of one phase, made ready. */
export interface Steps {
  /**
   * Does the steps of a chunk. The arrays of the networks of `run` are written over: go on with the run that comes back.
   *
   * @throws LeaError `E_TRAIN_DIVERGED`
   */
  advance(run: RunState, chunk: Chunk): Promise<Advanced>;
  /** The run with all tensors of its networks in the form of checkpoints; `advance` may leave some out. */
  settled(run: RunState): RunState;
  dispose(): Promise<void>;
}

/** Makes the training step of the run's current phase ready: on whole item tables, or on the rows of sampled items. */
export function preparePhase(plan: Plan, run: RunState): Promise<Steps> {
  return plan.agent.sampling ? lazySteps(plan, run) : denseSteps(plan, run);
}
