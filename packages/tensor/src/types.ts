import type { Resource } from '@lea/core';
import type * as tf from '@tensorflow/tfjs-core';

/** Element types of tensors in programs. `bool` values are bytes, 0 or 1. */
export type DType = 'float32' | 'int32' | 'bool';

/** Type and shape of a tensor. */
export interface Spec {
  /** Element type. */
  readonly dtype: DType;
  /** Dimensions; `[]` for a scalar. */
  readonly shape: readonly number[];
}

/** A tensor on the host: row-major `data`, `Float32Array` for float32, `Int32Array` for int32, `Uint8Array` for bool. */
export interface Value extends Spec {
  /** Elements in row-major order. */
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Tensors by name, the only container in programs. Names are flat, such as `emb.weight` or `adam/m/emb.weight`. */
export type Tensors = Record<string, tf.Tensor>;
/** Values by name. */
export type Values = Record<string, Value>;
/** Specs by name. */
export type Specs = Record<string, Spec>;

/** The arguments of one step of a program. */
export interface ProgramArgs {
  /** Carried from step to step: parameters, optimizer slots, counters. */
  readonly state: Tensors;
  /** New at every step. */
  readonly inputs: Tensors;
  /** The same at every step. */
  readonly frozen: Tensors;
}

/** The result of one step of a program. */
export interface ProgramResult {
  /** The next state: the same names, shapes and dtypes as the state passed in. */
  readonly state: Tensors;
  /** Other results, such as losses. */
  readonly outputs: Tensors;
}

/**
 * One step of a computation: a pure function written with the ops of tfjs and of this package. It must not read the data of
 * its arguments; loops and branches over shapes and options are allowed.
 */
export type Program = (args: ProgramArgs) => ProgramResult;

/** Types and shapes of a program's arguments, for one step. */
export interface ProgramSpecs {
  /** Tensors carried from step to step. Default: none. */
  readonly state?: Specs;
  /** Tensors that are new at every step. */
  readonly inputs: Specs;
  /** Tensors that are the same at every step. Default: none. */
  readonly frozen?: Specs;
  /**
   * Frozen tensors whose values are already known. The program receives them in `frozen`, but they are compiled into it instead
   * of being fed. The runtime then packs matrices once instead of at every step, which makes steps of language models about
   * 5 % faster, at the cost of up to three times their memory and a slower `compile`. At most 2 GiB. Default: none.
   */
  readonly constants?: Values;
}

/** `loop`: K steps per run, and every input has a leading dimension K. `direct`: one step per run, no leading dimension. */
export type Mode = 'loop' | 'direct';

/** The arguments of one run of a program. */
export interface Feed {
  /** The state before the first step. Default: empty. */
  readonly state?: Values | undefined;
  /** The inputs of all steps. */
  readonly inputs: Values;
  /** The frozen tensors. Default: empty. */
  readonly frozen?: Values | undefined;
  /** Number of steps. Default: the leading dimension of the inputs, or 1 without inputs. */
  readonly steps?: number | undefined;
}

/** The result of one run of a program. */
export interface RunResult {
  /** The state after the last step. */
  readonly state: Values;
  /** Outputs of all steps, stacked to `[K, ...]` in loop mode. */
  readonly outputs: Values;
}

/** A program that is ready to run. `dispose` releases its memory; the runner cannot be used afterwards. */
export interface Runner extends Resource {
  /**
   * Runs the program. The feed is not changed, and later runs do not change the result. The feed is read without a copy, so do
   * not write to its arrays before the promise resolves.
   *
   * @throws LeaError `E_FEED` when names, shapes or dtypes differ from the specs
   */
  run(feed: Feed): Promise<RunResult>;
  /** How the program runs. */
  readonly info: {
    readonly backend: string;
    /** Number of recorded nodes; 0 if interpreted. */
    readonly nodes: number;
    readonly threads: number;
    /**
     * Estimated peak memory of a step in bytes, besides the values that are fed and fetched; absent if interpreted. It
     * counts the results that live at the same time, twice, because ONNX Runtime doubles its memory whenever it is full.
     */
    readonly memoryBytes?: number;
  };
}

/**
 * Types and shapes of a program with two networks: its state exists twice, and each step trains one network and reads the other
 * one. Such a program takes the state of the other network as frozen tensors.
 */
export interface PairSpecs extends ProgramSpecs {
  /** Frozen tensors that are the state of the other network: name among the frozen tensors -> name in the state. */
  readonly partner: Readonly<Record<string, string>>;
}

/** The arguments of one run of a pair. */
export interface PairFeed {
  /** The states of both networks before the first step. */
  readonly states: readonly [Values, Values];
  /** [K]: the network that each step trains, 0 or 1. */
  readonly turns: ArrayLike<number>;
  /** The inputs of all steps, each with a leading dimension K. */
  readonly inputs: Values;
  /** The frozen tensors, without those of the other network. Default: empty. */
  readonly frozen?: Values | undefined;
}

/** The result of one run of a pair. */
export interface PairResult {
  /** The states of both networks after the last step. */
  readonly states: readonly [Values, Values];
  /** Outputs of all steps, stacked to `[K, ...]`. */
  readonly outputs: Values;
}

/** A pair that is ready to run. `dispose` releases its memory; it cannot be used afterwards. */
export interface PairRunner extends Resource {
  /**
   * Runs the steps of both networks. The feed is not changed and is read without a copy, as by `Runner`.
   *
   * @throws LeaError `E_FEED` when names, shapes or dtypes differ from the specs, or when a turn is neither 0 nor 1
   */
  run(feed: PairFeed): Promise<PairResult>;
  /** How the program runs. */
  readonly info: Runner['info'];
}
