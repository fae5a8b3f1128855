import type { Fusion, Policy } from '@lea/agents';
import type { Progress } from '@lea/core';
import type { Values } from '@lea/tensor';
import type { CurvePoint, Ending } from './run-state.ts';
import type { MappedItems } from './warm-start/warm-start.ts';

/**
 * What a run tells while it goes. `done` are the steps so far, over all phases; `total` is the step at which the run ends at
 * the earliest: as long as validation improves, it grows.
 */
export type TrainEvent = Progress<'training', 'steps'> & TrainEventDetails;

/** What is told of each `type` of event. Steps count from 1 over all phases. */
export type TrainEventDetails =
  | {
      readonly type: 'start';
      readonly agent: string;
      /** Numbers in all trained networks. */
      readonly parameters: number;
      readonly rows: number;
      readonly batch: number;
      /** Steps in which each network sees one epoch's worth of rows. */
      readonly stepsPerEpoch: number;
      readonly evaluateEvery: number;
      /** Step of the checkpoint that is gone on from; 0 for a new run. */
      readonly resumedFrom: number;
      /** How the items of `init` became those of this run; absent without `init`. */
      readonly init?: MappedItems;
      /** Why a checkpoint that was there is not gone on from (`onMismatch: 'restart'`). */
      readonly discarded?: string;
    }
  | { readonly type: 'phase'; readonly phase: string; readonly index: number; readonly step: number }
  /** After each chunk: means over its steps. */
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
      /** Validations that may still pass without a new best. */
      readonly patienceLeft: number;
    } & CurvePoint)
  | { readonly type: 'checkpoint'; readonly step: number; readonly path: string }
  /** The signal ended the run; `path` is where it can be gone on from (undefined: no checkpoint was asked for). */
  | { readonly type: 'stopped'; readonly step: number; readonly path: string | undefined }
  /** The trained network was fused with the memory; `value` is the metric on validation. */
  | { readonly type: 'fused'; readonly step: number; readonly fusion: Fusion; readonly value: number }
  | {
      readonly type: 'done';
      readonly step: number;
      readonly best: CurvePoint;
      readonly weightsHash: string;
      readonly ended: Ending;
    };

export interface TrainResult {
  /** The trained agent, ready to recommend; the caller disposes it. */
  readonly policy: Policy;
  /** Parameters of network 1 at the best validation of the last phase (of a run stopped before any: the current ones). */
  readonly params: Values;
  /** Steps done, over all phases. */
  readonly steps: number;
  /** How the memory joins the network; undefined without a memory. */
  readonly fusion: Fusion | undefined;
  /** The best validation of the last phase; null for a run stopped before its first validation. */
  readonly best: CurvePoint | null;
  /** Every validation, from the first step on, also those before a resumption. */
  readonly curve: readonly CurvePoint[];
  /** Content hash of `params`: equal for equal options, resumed or not. */
  readonly weightsHash: string;
  /** How the items of `init` became those of this run; undefined without `init`. */
  readonly init: MappedItems | undefined;
  /** What ended the last phase; undefined where the signal ended the run. */
  readonly ended: Ending | undefined;
  /** Whether the signal ended the run before its time. */
  readonly stopped: boolean;
}
