import { maskedSoftmax } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';

/** What branches attend with and to, by heads. */
export interface BranchAttention {
  /** Of the branches, one after the other: q [B, h, count * size, d]; k and v [B, g, count * size, d], g divides h. */
  readonly own: Record<'q' | 'k' | 'v', tf.Tensor>;
  /** Keys and values of the trunk that they share, [B, g, trunk, d]. */
  readonly trunk: Record<'k' | 'v', tf.Tensor>;
  /** What each branch sees of the trunk and, after it, of itself: [B * count, 1, size, trunk + size]. */
  readonly mask: tf.Tensor;
  readonly scale: number;
  /** What scores go through before they are masked. */
  readonly cap: (scores: tf.Tensor) => tf.Tensor;
}

/**
 * Attention of branches to a trunk and, each, to itself: one softmax over both, with no copy of the trunk.
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
  // Rows of queries by what their keys are shared by: the heads of a group for the trunk, one branch of one head for itself.
  const grouped = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [B, g, (h / g) * all, x.shape.at(-1)!]);
  const single = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [B * h * count, size, x.shape.at(-1)!]);
  const perHead = (x: tf.Tensor): tf.Tensor =>
    g === h ? x : tf.reshape(tf.tile(tf.reshape(x, [B * g, 1, all * d]), [1, h / g, 1]), [B, h, all, d]);

  const toTrunk = tf.reshape(tf.matMul(grouped(q), trunk.k, false, true), [B, h, all, T]);
  const toOwn = tf.reshape(tf.matMul(single(q), single(perHead(own.k)), false, true), [B, h, all, size]);
  const p = maskedSoftmax(tf.add(cap(tf.concat([toTrunk, toOwn], 3)), masks));
  const [ofTrunk, ofOwn] = tf.split(p, [T, size], 3) as [tf.Tensor, tf.Tensor];
  return tf.add(
    tf.reshape(tf.matMul(grouped(ofTrunk), trunk.v), [B, h, all, d]),
    tf.reshape(tf.matMul(single(ofOwn), single(perHead(own.v))), [B, h, all, d]),
  );
}
