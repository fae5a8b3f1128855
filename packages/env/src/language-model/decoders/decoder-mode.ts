import type { Tensors } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';

/** Keys and values of one layer, [B, kvHeads, T, headSize] each. */
export interface KeysAndValues {
  /** Keys. */
  readonly k: tf.Tensor;
  /** Values. */
  readonly v: tf.Tensor;
}

/** How to run the decoder: masks, positions, cached keys and values, adapters and dropout. */
export interface DecoderMode {
  /**
   * Added to the attention scores: 0 where a query may attend, -1e9 elsewhere; [1 or B, 1, T, T], or [B, 1, T, P + T] with
   * `past`.
   */
  readonly mask: tf.Tensor;
  /**
   * Position of each input, int32 [B, T], used by position vectors, rotation and windows. Positions must be below T, or below
   * P + T with `past` (default: 0, 1, 2, ... in every row).
   */
  readonly positions?: tf.Tensor;
  /** Cache of P preceding inputs. It requires `positions`. */
  readonly past?: {
    /** Keys and values by layer, from `readPositions`. */
    readonly layers: readonly KeysAndValues[];
    /** Positions of the cached inputs, int32 [B, P]. */
    readonly positions: tf.Tensor;
  };
  /**
   * Alternative continuations: the last `count * size` inputs are `count` branches of `size` inputs. A branch attends to
   * itself and to the inputs before all branches (the trunk, including `past`), but not to other branches. The outer `mask`
   * then covers the trunk only. It requires `positions`. Time grows linearly with the number of branches.
   */
  readonly branches?: {
    /** Number of branches. */
    readonly count: number;
    /** Inputs per branch. */
    readonly size: number;
    /** Additive mask over the trunk and then the branch itself, [B * count, 1, size, trunk + size]. */
    readonly mask: tf.Tensor;
  };
  /** LoRA adapters, added to the projections that they name. */
  readonly adapters?: {
    /** Matrices by name: `<module>.lora_A.weight` [rank, inputs], `<module>.lora_B.weight` [outputs, rank]. */
    readonly weights: Tensors;
    /** Factor of the update, alpha / rank. */
    readonly scale: number;
  };
  /** Dropout of the output of attention and MLP in each layer. */
  readonly dropout?: {
    /** Share of elements set to 0. */
    readonly rate: number;
    /** Random key of the step. */
    readonly key: tf.Tensor;
    /** Prefix of the random stream's name. */
    readonly label: string;
  };
}
