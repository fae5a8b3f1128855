import type * as tf from '@tensorflow/tfjs-core';
import { type Head, values, valuesOf } from '../heads.ts';

/** How a Q head is read by those who learn it, select by it and value by it. Candidates: see `values`. */
export interface Valuation {
  /** Q(s, b) of the items that stand for the catalogue, [B, N] or [B, K], with gradient. */
  all(at: Head, candidates?: tf.Tensor): tf.Tensor2D;
  /** Q(s, b) of chosen items, ids [B] or [B, K], with gradient. */
  of(at: Head, ids: tf.Tensor): tf.Tensor;
  /** What the next action is the greatest of, in the form of `all`. */
  select(at: Head, candidates?: tf.Tensor): tf.Tensor2D;
  /** What the selected actions [B] are worth. */
  value(at: Head, ids: tf.Tensor): tf.Tensor;
}

/** One head, read as it is. */
export const plain: Valuation = { all: values, of: valuesOf, select: values, value: valuesOf };
