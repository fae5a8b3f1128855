import type { Values } from '@lea/tensor';
import type { RunState } from '../run-state.ts';
import type { Chunk } from './batches.ts';

/** The prepared training step of one phase. */
export interface Steps {
  /**
   * Does the steps of a chunk. It overwrites the arrays of the networks in `run`: continue with the returned run.
   *
   * @throws LeaError `E_TRAIN_DIVERGED`
   */
  advance(run: RunState, chunk: Chunk): Promise<Advanced>;
  /** The run with all tensors of its networks as checkpoints store them; `advance` may leave some out. */
  settled(run: RunState): RunState;
  /** Estimated peak memory of a step in bytes; undefined if it is interpreted. */
  readonly memoryBytes: number | undefined;
  /** Frees the compiled program. */
  dispose(): Promise<void>;
}

/** A run after some steps, and the means of their loss and metrics. */
export interface Advanced {
  /** The run after the steps. */
  readonly run: RunState;
  /** Means over the steps. */
  readonly means: { readonly loss: number; readonly metrics: Record<string, number> };
}

/** Sums up the outputs of steps. */
export interface Tally {
  /** @param outputs scalars per step: `loss` and metrics */
  add(outputs: Values): void;
  /** The run with its networks after these steps. */
  close(networks: readonly Values[]): Advanced;
}

/** Creates a tally that starts from a run. */
export function tally(run: RunState): Tally {
  const sums: Record<string, number> = {};
  let { lossSum, lossSteps } = run.progress;
  let steps = 0;
  return {
    add(outputs) {
      for (const [name, { data }] of Object.entries(outputs)) {
        for (const value of data) sums[name] = (sums[name] ?? 0) + value;
      }
      const losses = outputs.loss!.data;
      for (const value of losses) lossSum += value;
      lossSteps += losses.length;
      steps += losses.length;
    },
    close(networks) {
      const { loss, ...metrics } = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]));
      const progress = { ...run.progress, step: run.progress.step + steps, lossSum, lossSteps };
      return { run: { ...run, progress, networks }, means: { loss: loss!, metrics } };
    },
  };
}
