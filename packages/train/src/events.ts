import type { Fusion, Policy } from '@lea/agents';
import type { Progress } from '@lea/core';
import type { Values } from '@lea/tensor';
import type { CurvePoint, Ending } from './run-state.ts';
import type { MappedItems } from './warm-start/warm-start.ts';

/**
 * Progress of a training run. `done` counts the steps so far, over all phases. `total` is the earliest step at which the run
 * can end; it grows as long as validation improves.
 */
export type TrainEvent = Progress<'training', 'steps'> & {
  /** Whether the run may take more steps than `total`: false once `maxSteps` is sure to end it. */
  readonly open: boolean;
} & TrainEventDetails;

/** Details of each `type` of event. Steps count from 1 over all phases. */
export type TrainEventDetails =
  | {
      readonly type: 'start';
      readonly agent: string;
      /** Number of parameters in all trained networks. */
      readonly parameters: number;
      readonly rows: number;
      readonly batch: number;
      /** Number of steps in which each network sees one epoch's worth of rows. */
      readonly stepsPerEpoch: number;
      readonly evaluateEvery: number;
      /** Step of the checkpoint that the run was resumed from; 0 for a new run. */
      readonly resumedFrom: number;
      /** How the items of `init` were mapped to the catalog of this run; absent without `init`. */
      readonly init?: MappedItems;
      /** Why an existing checkpoint was not resumed (`onMismatch: 'restart'`). */
      readonly discarded?: string;
    }
  | {
      readonly type: 'phase';
      readonly phase: string;
      readonly index: number;
      readonly step: number;
      /** Estimated peak memory of a training step in bytes; absent on a tfjs backend. */
      readonly memoryBytes?: number;
    }
  /** Reported after each chunk of steps, with means over these steps. */
  | {
      readonly type: 'step';
      readonly phase: string;
      readonly step: number;
      readonly loss: number;
      readonly metrics: Readonly<Record<string, number>>;
    }
  | ({
      readonly type: 'validation';
      readonly metrics: Readonly<Record<string, number>>;
      readonly improved: boolean;
      readonly best: CurvePoint;
      /** Number of further validations without improvement before the phase ends. */
      readonly patienceLeft: number;
    } & CurvePoint)
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  /** The signal ended the run; `path` is the checkpoint to resume from, undefined when `checkpoint` was not set. */
  | { readonly type: 'stopped'; readonly step: number; readonly path: string | undefined }
  /** The trained network was combined with the memory; `value` is the validation metric. */
  | { readonly type: 'fused'; readonly step: number; readonly fusion: Fusion; readonly value: number }
  | {
      readonly type: 'done';
      readonly step: number;
      readonly best: CurvePoint;
      readonly weightsHash: string;
      readonly ended: Ending;
    };

/** The outcome of `fit`. */
export interface TrainResult {
  /** The trained agent, ready to recommend; the caller disposes it. */
  readonly policy: Policy;
  /** Parameters of network 1 at the best validation of the last phase; the current ones when the run stopped before any. */
  readonly params: Values;
  /** Number of steps done, over all phases. */
  readonly steps: number;
  /** How the memory and the network are combined; undefined without a memory. */
  readonly fusion: Fusion | undefined;
  /** The best validation of the last phase; null for a run stopped before its first validation. */
  readonly best: CurvePoint | null;
  /** All validations from the first step on, including those before the run was resumed. */
  readonly curve: readonly CurvePoint[];
  /** Content hash of `params`: equal for equal options, whether the run was resumed or not. */
  readonly weightsHash: string;
  /** How the items of `init` were mapped to the catalog of this run; undefined without `init`. */
  readonly init: MappedItems | undefined;
  /** The reason why the last phase ended; undefined if the signal ended the run. */
  readonly ended: Ending | undefined;
  /** Whether the signal ended the run early. */
  readonly stopped: boolean;
}
