import type { Values } from '@lea/tensor';

/** One validation of a run: a point of its learning curve. */
export interface CurvePoint {
  /** Name of the phase. */
  readonly phase: string;
  /** Number of steps done, over all phases. */
  readonly step: number;
  /** Mean training loss since the previous validation; null before the first step (with `init`). */
  readonly loss: number | null;
  /** The validation metric used for early stopping. */
  readonly value: number;
}

/** The state of a run without its weights. Plain JSON. */
export interface Progress {
  /** Index of the phase. */
  readonly phase: number;
  /** Step at which the phase began. */
  readonly phaseStart: number;
  /** Number of steps done, over all phases. */
  readonly step: number;
  /** Step of the last validation. */
  readonly validated: number;
  /** Best validation of this phase. */
  readonly best: CurvePoint | null;
  /** Validations since the best one. */
  readonly waited: number;
  /** Sum of the losses since the last validation. */
  readonly lossSum: number;
  /** Number of steps in `lossSum`. */
  readonly lossSteps: number;
  /** All validations. */
  readonly curve: readonly CurvePoint[];
  /** Whether the last phase has ended. */
  readonly finished: boolean;
  /** The first phase before this one that only `maxSteps` ended. */
  readonly cutPhase?: string;
  /** Only in files: the result of the validation that follows, which took place only because `maxSteps` ended the run. */
  readonly lastValue?: number;
}

/** The complete state of a run at one moment. */
export interface RunState {
  /** Everything but the weights. */
  readonly progress: Progress;
  /** Per trained network: parameters, slots, Polyak target. */
  readonly networks: readonly Values[];
  /** The networks at the best validation of this phase, without slots; empty before the first validation. */
  readonly best: readonly Values[];
  /** The run before its last validation, when that validation took place only because `maxSteps` ended the run. */
  readonly beforeLast?: RunState;
}

/**
 * The reason why a phase ended: `patience` ran out, the agent's own number of `steps` was reached, or `maxSteps` was reached.
 * It is `maxSteps` only if a larger value would have changed something: the phase would have continued, or its last
 * validation would not have taken place.
 */
export type Ending = 'patience' | 'steps' | 'maxSteps';
