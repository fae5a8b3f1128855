import type { Resource } from '@lea/core';
import type * as tf from '@tensorflow/tfjs-core';

/** Element types of programs. `bool` values are bytes, 0 or 1. */
export type DType = 'float32' | 'int32' | 'bool';

/** What is known of a tensor before a program runs. */
export interface Spec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A tensor on the host: row-major `data`, `Float32Array` for float32, `Int32Array` for int32, `Uint8Array` for bool. */
export interface Value extends Spec {
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Named tensors: the only container programs know. Names are flat, such as `emb.weight` or `adam/m/emb.weight`. */
export type Tensors = Record<string, tf.Tensor>;
export type Values = Record<string, Value>;
export type Specs = Record<string, Spec>;

export interface ProgramArgs {
  /** Carried from step to step: parameters, optimiser slots, counters. */
  readonly state: Tensors;
  /** Read afresh at every step. */
  readonly inputs: Tensors;
  /** The same at every step and never changed. */
  readonly frozen: Tensors;
}

export interface ProgramResult {
  /** The next state: the same names, shapes and dtypes as the state that came in. */
  readonly state: Tensors;
  readonly outputs: Tensors;
}

/**
 * One step of a computation: a pure function written in tfjs ops and the ops of this package. It may not read the data
 * of its arguments; loops and branches over shapes and options are fine.
 */
export type Program = (args: ProgramArgs) => ProgramResult;

/** What a program takes, without the leading dimension of steps. */
export interface ProgramSpecs {
  readonly state?: Specs;
  readonly inputs: Specs;
  readonly frozen?: Specs;
  /**
   * Frozen tensors whose values are known already: the program finds them among `frozen`, but they become part of it
   * instead of being fed. The runtime packs matrices for its products once instead of at every step, which makes steps of
   * language models some 5 % faster, for up to three times their memory and a slower `compile`. At most 2 GiB.
   */
  readonly constants?: Values;
}

/** `loop`: K steps per run, every input has a leading dimension K. `direct`: one step per run, no leading dimension. */
export type Mode = 'loop' | 'direct';

export interface Feed {
  readonly state?: Values;
  readonly inputs: Values;
  readonly frozen?: Values;
  /**
   * Arrays the next state is written into, instead of new ones: training with two sets in turns makes no garbage. They
   * must not be fed in the same call. `interpret` ignores them.
   */
  readonly reuse?: Values;
  /** Number of steps; by default the leading dimension of the inputs (1 when there are no inputs). */
  readonly steps?: number;
}

export interface RunResult {
  /** The state after the last step. */
  readonly state: Values;
  /** Outputs of every step, stacked to `[K, ...]` in loop mode. */
  readonly outputs: Values;
}

/** A program made ready to run, until it is disposed of. */
export interface Runner extends Resource {
  /**
   * Runs the program. A pure function: the feed is not changed and the result is not touched by later runs. The feed is
   * read without a copy, so do not write to its arrays before the promise resolves.
   *
   * @throws LeaError `E_FEED` when names, shapes or dtypes differ from the specs
   */
  run(feed: Feed): Promise<RunResult>;
  readonly info: { readonly backend: string; readonly nodes: number; readonly threads: number };
}
