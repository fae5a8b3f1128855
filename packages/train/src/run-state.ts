import type { Values } from '@lea/tensor';

/** One validation of a run: a point of its learning curve. */
export interface CurvePoint {
  readonly phase: string;
  readonly step: number;
  /** Mean training loss since the validation before; null before the first step (`init`). */
  readonly loss: number | null;
  /** The metric that early stopping looks at. */
  readonly value: number;
}

/** Where a run stands: everything but its weights. Plain JSON. */
export interface Progress {
  readonly phase: number;
  /** Step at which the phase began. */
  readonly phaseStart: number;
  readonly step: number;
  /** Step of the last validation. */
  readonly validated: number;
  /** Best validation of this phase. */
  readonly best: CurvePoint | null;
  /** Validations since the best one. */
  readonly waited: number;
  readonly lossSum: number;
  readonly lossSteps: number;
  readonly curve: readonly CurvePoint[];
  readonly finished: boolean;
  /** The first phase before this one that only `maxSteps` ended. */
  readonly cutPhase?: string;
  /** In files alone: what the validation that follows gave. Only `maxSteps` called for it, and it ended the run. */
  readonly lastValue?: number;
}

/** A run at one instant. */
export interface RunState {
  readonly progress: Progress;
  /** Per trained network: parameters, slots, Polyak target. */
  readonly networks: readonly Values[];
  /** The same without slots, at the best validation of this phase; empty before the first one. */
  readonly best: readonly Values[];
  /** The run before its last validation, where only `maxSteps` called for that one. */
  readonly beforeLast?: RunState;
}

/**
 * What ends a phase: `patience` ran out, the agent's own number of `steps`, or `maxSteps`. The last only where a larger one would
 * have changed something: the phase would go on, or its last validation would not have been.
 */
export type Ending = 'patience' | 'steps' | 'maxSteps';
