import type { Key } from '@lea/core';
import type { Specs, Tensors, Value, Values } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';

/** The sizes that a network is built for. */
export interface Shape {
  /** Number of items N; item indices are 0..N-1, N is the padding id. */
  readonly items: number;
  /** Maximum number L of events of a history that the network reads; a counting memory may read more. */
  readonly window: number;
  /** Dimension of the text vectors [N, textSize]; only for encoders that read text. */
  readonly textSize?: number;
  /** Dimension E of an environment's states; only for agents that train with them. */
  readonly stateSize?: number;
}

/** Settings of a forward pass. */
export interface Mode {
  /** Whether dropout is on. */
  readonly train: boolean;
  /** int32 [2] random key; required for dropout. */
  readonly key?: tf.Tensor;
  /** Name of the pass; passes with different labels have independent dropout masks. */
  readonly label: string;
  /** Text vectors of the items, float32 [N, textSize], for encoders that need them. */
  readonly text?: tf.Tensor;
}

/** Right-padded histories, oldest event first. */
export interface Histories {
  /** int32 [B, L] item indices, with the padding id N beyond the length and in empty histories. */
  readonly items: tf.Tensor;
  /** int32 [B], at least 1: an empty history has length 1 and a padding id in its first slot. */
  readonly length: tf.Tensor;
}

/**
 * Encodes histories as states. Created by a factory such as `sasrec()`; consists of pure functions over named
 * parameters.
 */
export interface Encoder {
  /** Its type. */
  readonly name: string;
  /** Plain JSON `{ type, ...options }`, from which `createEncoder` creates the same encoder. */
  readonly config: EncoderConfig;
  /** Dimension H of a state. */
  readonly outputSize: number;
  /** Whether every pass needs `mode.text`. */
  readonly needsText: boolean;
  /** Whether `init` needs the text vectors. */
  readonly initText: boolean;
  /** Output weights: separate (false), the item table (true), or the item table with a learned bias per item (`bias`). */
  readonly tied: boolean | 'bias';
  /** Whether the supervised loss is computed at every position of the window. */
  readonly everyPosition: boolean;
  /** Names of parameters with one row per item id, padding last: [N+1, ...] each. */
  readonly itemTables: readonly string[];
  /** Initial parameters. `text` float32 [N, textSize] is required if `initText`. */
  init(key: Key, shape: Shape, text?: Value): Values;
  /** States [B, H] after the last event. */
  encode(params: Tensors, histories: Histories, mode: Mode): tf.Tensor2D;
  /** States [B, L, H] after each event. */
  encodeAll(params: Tensors, histories: Histories, mode: Mode): tf.Tensor3D;
  /** The vectors of all items [N, H'], without padding. */
  itemTable(params: Tensors, text?: tf.Tensor): tf.Tensor2D;
}

/** A training phase with a fresh optimizer. */
export interface Phase {
  /** Name of the phase; the loss can depend on it. */
  readonly name: string;
  /** Learning rate of Adam. */
  readonly optimizer: { readonly lr: number };
  /** Initial weights: the best validation checkpoint of the previous phase, or its last weights. */
  readonly start: 'best' | 'last';
  /** Number of updates, or until validation stops improving. */
  readonly steps: number | 'early-stopping';
}

/** The arguments of a loss. */
export interface LossInput {
  /** Parameters of the learning network. */
  readonly params: Tensors;
  /** Parameters of the target network; absent for agents without one. */
  readonly target?: Tensors;
  /**
   * The tensors that `Agent.inputs` lists. Reading another name throws `E_BATCH_TENSOR`, except for tensors that a batch may lack,
   * such as `targets` and `candidates`. `negatives` int32 [B, K], if given, replaces the drawn negatives.
   */
  readonly batch: Tensors;
  /** Size of the catalog, if the tables contain only the rows of the batch. Default: the number of rows of the tables. */
  readonly items?: number;
  /** int32 [2] random key, different in every step. */
  readonly key: tf.Tensor;
  /** Name of the current phase. */
  readonly phase: string;
  /** The statistics in `Agent.frozen`, and `text` float32 [N, textSize] if the encoder needs it. */
  readonly frozen: Tensors;
}

/** How items are sampled as candidates for a step. All rows of a batch share them. */
export interface Sampling {
  /** Number of items drawn per step, with replacement. */
  readonly sampledItems: number;
  /** Items are drawn in proportion to (1 + count in the train log)^power: 0 uniform, 1 by popularity. */
  readonly power: number;
}

/**
 * The rows of an item table that a step with sampled items reads: `batch` for all ids of its batch, `choices` for actions,
 * extra targets and candidates only.
 */
export type TableReach = 'batch' | 'choices';

/**
 * Item statistics float32 [N] for losses: `logQ` log of the sampling distribution, `logFrequency` log of the share in
 * the log.
 */
export type ItemStatistic = 'logQ' | 'logFrequency';

/** The result of a loss. */
export interface LossResult {
  /** The mean over the batch, to be minimized. */
  readonly loss: tf.Scalar;
  /** Scalars for the log. */
  readonly metrics: Tensors;
  /** Terms per row [B] (or [B, K]), before the mean over the batch. */
  readonly terms: Tensors;
}

/** What a trainer has besides soft targets. A loss may read it and must then list it in `inputs`. */
export interface SignalInputs {
  /** Whether targets are actions with rewards: `targetRewards` float32 [B, targets]. Default: false. */
  readonly targetRewards?: boolean;
  /**
   * Dimension E of the environment's states: `environmentState` float32 [B, E] at the rows, `nextEnvironmentState` at the next
   * rows (zeros at the end of a user's log). 0: no states. Default: 0.
   */
  readonly stateSize?: number;
  /**
   * Whether rows stand for different numbers of events: `rowWeight` float32 [B], by which a loss multiplies its rows before the
   * mean. Default: false, all rows have the weight 1.
   */
  readonly rowWeights?: boolean;
}

/** An encoder with heads and a loss. It does not depend on optimizers, data or checkpoints. */
export interface Agent {
  /** Its type. */
  readonly name: string;
  /** Plain JSON `{ type, ...options, encoder }`, from which `createAgent` creates the same agent. */
  readonly config: AgentConfig;
  /** Its encoder. */
  readonly encoder: Encoder;
  /** Number of complete networks that learn. */
  readonly networks: 1 | 2;
  /**
   * The target network: `none`, the network that does not learn in this step (`coin`), a moving average of the weights
   * (`polyak`), or a copy of the weights that is renewed periodically (`copy`).
   */
  readonly target: 'none' | 'coin' | 'polyak' | 'copy';
  /** Step size of the moving average; 0 unless `target` is `polyak`. */
  readonly tau: number;
  /** Number of updates between two copies; 0 unless `target` is `copy`. */
  readonly copyEvery: number;
  /** How candidates are sampled in training; the batch then has `candidates` int32 [K]. Undefined: losses use all items. */
  readonly sampling?: Sampling;
  /** Item statistics that the loss reads from `frozen`, float32 [N] each. */
  readonly frozen: readonly ItemStatistic[];
  /**
   * Names of all parameters with one row per item, [N, ...] or with padding [N+1, ...]. With sampled items, training loads only
   * the rows of a batch, so every such parameter must be listed; others are loaded in full.
   */
  readonly itemTables: Readonly<Record<string, TableReach>>;
  /**
   * Advice for diverging metrics: which option to change, by `phase/metric` for a single phase or by the name of the metric.
   * `loss` is for all metrics without an entry.
   */
  readonly divergenceHints: Readonly<Record<string, string>>;
  /** Training phases, in order. */
  readonly phases: readonly Phase[];
  /** The head whose scores rank items. */
  readonly rankingHead: 'supervised' | 'q';
  /** Whether the supervised loss is computed at every position of the window. */
  readonly everyPosition: boolean;
  /** Whether the loss reads an environment's states, and `init` needs `shape.stateSize`. Default: false. */
  readonly readsEnvironmentState?: boolean;
  /**
   * Whether the loss reads probabilities of the supervised head at other histories than the row's own, where a batch has none of
   * a memory (`bcqThreshold`). Default: false.
   */
  readonly readsOtherProbabilities?: boolean;
  /** Whether the loss reads the width of the windows, so that a sampler must not cut them. Default: false. */
  readonly wholeWindows?: boolean;
  /** Initial parameters of one network. */
  init(key: Key, shape: Shape, text?: Value): Values;
  /**
   * Specs of the tensors that `loss` reads from the batch. The trainer can provide `items`, `length`, `action`, `reward`, `done`,
   * `nextItems` and `nextLength`, `candidates` with `sampling`, and the signals of an environment.
   *
   * @param targets number of extra soft targets per row; default: 0
   * @param signals further signals of an environment that are available; default: none
   */
  inputs(batchSize: number, window: number, targets?: number, signals?: SignalInputs): Specs;
  /** The loss of a batch. */
  loss(input: LossInput): LossResult;
  /** Scores [B, N] of the ranking head, without dropout. */
  score(params: Tensors, histories: Histories, frozen?: Tensors): tf.Tensor2D;
}

/** JSON of an encoder. */
export interface EncoderConfig {
  /** Registered type, such as `sasrec`. */
  readonly type: string;
  readonly [option: string]: unknown;
}

/** JSON of an agent. */
export interface AgentConfig {
  /** Registered type, such as `snqn`. */
  readonly type: string;
  /** JSON of its encoder. */
  readonly encoder: EncoderConfig;
  readonly [option: string]: unknown;
}
