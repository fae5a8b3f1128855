import { maskedSoftmax } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/** Inputs of {@link branchAttention}. */
export interface BranchAttention {
  /** Queries, keys and values of all branches in order: q [B, h, count * size, d]; k, v [B, g, count * size, d]; g divides h. */
  readonly own: Record<'q' | 'k' | 'v', tf.Tensor>;
  /** Keys and values of the shared trunk, [B, g, trunk, d]. */
  readonly trunk: Record<'k' | 'v', tf.Tensor>;
  /** Additive mask of the trunk and then of the branch itself, [B * count, 1, size, trunk + size]. */
  readonly mask: tf.Tensor;
  /** Factor of the scores. */
  readonly scale: number;
  /** Applied to the scores before the mask, for soft caps. */
  readonly cap: (scores: tf.Tensor) => tf.Tensor;
}

/**
 * Attention in which each branch attends to the shared trunk and to itself, with one softmax over both. The trunk is not
 * copied.
 *
 * @returns [B, h, count * size, d]
 */
export function branchAttention({ own, trunk, mask, scale, cap }: BranchAttention): tf.Tensor {
  const [B, h, all, d] = own.q.shape as [number, number, number, number];
  const [, g, T] = trunk.k.shape as [number, number, number];
  const size = mask.shape[2]!;
  const count = all / size;
  const masks = tf.reshape(mask, [B, 1, all, T + size]);
  const q = tf.mul(own.q, scale);
  // Rows are grouped by shared keys: all heads of a group for the trunk, the heads of one branch for the branch itself.
  const r = h / g;
  const grouped = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [B, g, r * all, x.shape.at(-1)!]);
  const swapped = (x: tf.Tensor, m: number, n: number): tf.Tensor =>
    r === 1 ? x : tf.transpose(tf.reshape(x, [B * g, m, n, size * x.shape.at(-1)!]), [0, 2, 1, 3]);
  const byBranch = (x: tf.Tensor): tf.Tensor =>
    tf.reshape(swapped(x, r, count), [B * g * count, r * size, x.shape.at(-1)!]);
  const byHead = (x: tf.Tensor): tf.Tensor => tf.reshape(swapped(x, count, r), [B, h, all, x.shape.at(-1)!]);
  const single = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [B * g * count, size, d]);

  const toTrunk = tf.reshape(tf.matMul(grouped(q), trunk.k, false, true), [B, h, all, T]);
  const toOwn = byHead(tf.matMul(byBranch(q), single(own.k), false, true));
  const p = maskedSoftmax(tf.add(cap(tf.concat([toTrunk, toOwn], 3)), masks));
  const [ofTrunk, ofOwn] = tf.split(p, [T, size], 3) as [tf.Tensor, tf.Tensor];
  return tf.add(
    tf.reshape(tf.matMul(grouped(ofTrunk), trunk.v), [B, h, all, d]),
    byHead(tf.matMul(byBranch(ofOwn), single(own.v))),
  );
}
