import type * as tf from '@tensorflow/tfjs-core';
import { type Head, values, valuesOf } from '../heads.ts';

/** How to read a Q head for learning, for selecting actions and for evaluating them. For candidates see `values`. */
export interface Valuation {
  /** Q(s, b) of all items [B, N] or of the candidates [B, K], with gradient. */
  all(at: Head, candidates?: tf.Tensor): tf.Tensor2D;
  /** Q(s, b) of given items, ids [B] or [B, K], with gradient. */
  of(at: Head, ids: tf.Tensor): tf.Tensor;
  /** The values whose maximum is the next action, in the shape of `all`. */
  select(at: Head, candidates?: tf.Tensor): tf.Tensor2D;
  /** The bootstrap values of the selected actions [B]. */
  value(at: Head, ids: tf.Tensor): tf.Tensor;
}

/** Reads a single head directly. */
export const plain: Valuation = { all: values, of: valuesOf, select: values, value: valuesOf };
