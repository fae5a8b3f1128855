import type { Key } from '@lea/core';
import type { Specs, Tensors, Value, Values } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';

/** What a network is built for. */
export interface Shape {
  /** Number of items N; item indices are 0..N-1, N is the padding id. */
  readonly items: number;
  /** The longest history L that the recommender reads, in events. */
  readonly window: number;
  /** Columns of the text vectors [N, textSize]; only for encoders that read text. */
  readonly textSize?: number;
  /** Columns E of an environment's states; only for agents that train with them. */
  readonly stateSize?: number;
}

/** How a forward pass is run. */
export interface Mode {
  /** Dropout on. */
  readonly train: boolean;
  /** int32 [2]; needed for dropout. */
  readonly key?: tf.Tensor;
  /** Passes of different label draw independent dropout masks. */
  readonly label: string;
  /** Text vectors of the items, float32 [N, textSize]. */
  readonly text?: tf.Tensor;
}

/** Right-padded histories, oldest event first. */
export interface Histories {
  /** int32 [B, L], the padding id (N) beyond the length and in empty histories. */
  readonly items: tf.Tensor;
  /** int32 [B], at least 1: an empty history has length 1 and a padding id in its first slot. */
  readonly length: tf.Tensor;
}

/** Turns a history into a state. Made by a factory such as `sasrec()`; pure functions over flat named parameters. */
export interface Encoder {
  readonly name: string;
  /** Plain JSON: `{ type, ...options }`; `createEncoder(config)` makes the same encoder again. */
  readonly config: EncoderConfig;
  /** Columns H of a state. */
  readonly outputSize: number;
  /** Whether `mode.text` must be given to every pass (or `text` to `init`, see `initText`). */
  readonly needsText: boolean;
  /** Whether `init` must be given the text vectors. */
  readonly initText: boolean;
  /** Output weights: a head of its own, the item table, or the item table with a learned bias per item. */
  readonly tied: boolean | 'bias';
  /** Whether the supervised loss is taken at every position of the window. */
  readonly everyPosition: boolean;
  /** Parameters with a row per item id, padding last: [N+1, ...] each. */
  readonly itemTables: readonly string[];
  init(key: Key, shape: Shape, text?: Value): Values;
  /** States [B, H] after the last event. */
  encode(params: Tensors, histories: Histories, mode: Mode): tf.Tensor2D;
  /** States [B, L, H] after each event. */
  encodeAll(params: Tensors, histories: Histories, mode: Mode): tf.Tensor3D;
  /** The vectors of all items [N, H'], padding left out. */
  itemTable(params: Tensors, text?: tf.Tensor): tf.Tensor2D;
}

/** A stretch of training with an optimiser of its own (fresh moments). */
export interface Phase {
  readonly name: string;
  readonly optimizer: { readonly lr: number };
  /** The weights it starts from: the previous phase's best validation checkpoint or its last weights. */
  readonly start: 'best' | 'last';
  /** Updates until the next phase, or until validation stops improving. */
  readonly steps: number | 'early-stopping';
}

export interface LossInput {
  /** The network that learns. */
  readonly params: Tensors;
  /** The other network, or the averaged one; absent for agents without a target. */
  readonly target?: Tensors;
  /** The tensors that `inputs` lists; with `negatives` int32 [B, K] these replace the drawn ones. */
  readonly batch: Tensors;
  /** Size of the catalogue, when the tables hold only the rows that the batch needs. Default: the rows of the tables. */
  readonly items?: number;
  /** int32 [2], a fresh one for every step. */
  readonly key: tf.Tensor;
  readonly phase: string;
  /** What `Agent.frozen` lists, and `text` float32 [N, textSize] when the encoder needs it. */
  readonly frozen: Tensors;
}

/** Sampled items that stand for the whole catalogue, shared by the rows of a batch. */
export interface Sampling {
  /** Items drawn per step, with replacement. */
  readonly candidates: number;
  /** They are drawn in proportion to (1 + count in the train log)^power: 0 uniform, 1 by popularity. */
  readonly power: number;
}

/**
 * Which rows of an item table a step with sampled items reads: those of every id of its batch, or those of the `choices`
 * only: actions, extra targets and candidates.
 */
export type TableReach = 'batch' | 'choices';

/** Tensors over all items that losses read: log of the sampling distribution, log of the item's share of the log. */
export type ItemStatistic = 'logQ' | 'logFrequency';

export interface LossResult {
  readonly loss: tf.Scalar;
  /** Scalars for the log. */
  readonly metrics: Tensors;
  /** Parts per row [B] (or [B, K]), before the mean over the batch. */
  readonly terms: Tensors;
}

/** What an environment's signals bring beside soft targets; a loss may read it, and lists in `inputs` what it does read. */
export interface SignalInputs {
  /** Whether targets are actions with rewards of their own: `targetRewards` float32 [B, targets]. */
  readonly targetRewards?: boolean;
  /**
   * Columns E of the environment's states: `environmentState` float32 [B, E] of the rows, `nextEnvironmentState` of the rows
   * that follow them, zeros where there is none. 0 or left out: no states.
   */
  readonly stateSize?: number;
}

/** Encoder, heads and loss in one; knows nothing of optimisers, data or checkpoints. */
export interface Agent {
  readonly name: string;
  /** Plain JSON: `{ type, ...options, encoder }`. */
  readonly config: AgentConfig;
  readonly encoder: Encoder;
  /** How many complete networks learn. */
  readonly networks: 1 | 2;
  /**
   * Who computes TD targets: nobody, the network that lost this step's coin flip, a moving average of the weights, or a
   * copy of them that is renewed now and then.
   */
  readonly target: 'none' | 'coin' | 'polyak' | 'copy';
  /** Share of the new weights in one step of the moving average; 0 without one. */
  readonly tau: number;
  /** Updates between two copies; 0 without copies. */
  readonly copyEvery: number;
  /** The items that stand for the catalogue in training; undefined: all of them. The batch then has `candidates` int32 [K]. */
  readonly sampling?: Sampling;
  /** Item statistics that the loss reads from `frozen`, float32 [N] each. */
  readonly frozen: readonly ItemStatistic[];
  /**
   * Parameters with a row per item, [N, ...] or with padding [N+1, ...]. Training with sampled items holds only the rows of
   * a batch: every parameter of that form must be listed, else it is taken for one without rows of items.
   */
  readonly itemTables: Readonly<Record<string, TableReach>>;
  /**
   * What to do when a metric runs away: the option that cures it, by `phase/metric` for one phase alone or by the metric's name;
   * `loss` for all that have no entry.
   */
  readonly cures: Readonly<Record<string, string>>;
  readonly phases: readonly Phase[];
  readonly rankingHead: 'supervised' | 'q';
  readonly everyPosition: boolean;
  /** Whether the loss reads an environment's states, and `init` needs `shape.stateSize`. Default false. */
  readonly readsEnvironmentState?: boolean;
  /** Fresh parameters of one network. */
  init(key: Key, shape: Shape, text?: Value): Values;
  /**
   * What `loss` reads from the batch.
   *
   * @param targets number of extra soft targets per row, 0 without
   * @param signals what else of an environment there is to read
   */
  inputs(batchSize: number, window: number, targets?: number, signals?: SignalInputs): Specs;
  loss(input: LossInput): LossResult;
  /** Scores [B, N] of the head that ranks, dropout off. */
  score(params: Tensors, histories: Histories, frozen?: Tensors): tf.Tensor2D;
}

export interface EncoderConfig {
  readonly type: string;
  readonly [option: string]: unknown;
}

export interface AgentConfig {
  readonly type: string;
  readonly encoder: EncoderConfig;
  readonly [option: string]: unknown;
}
