import { attention, maskedSoftmax, rope } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { branchAttention } from './branch-attention.ts';
import { type DecoderConfig, headSizeOf, rotatedOf } from './config.ts';
import type { DecoderMode, KeysAndValues } from './decoder-mode.ts';

/**
 * Attention over projected queries, keys and values, each [B, T, heads * size] or all in one tensor.
 *
 * @returns the output, [B, T, heads * size], and the keys and values of these inputs
 */
export function attend(
  config: DecoderConfig,
  parts: {
    readonly projected: readonly tf.Tensor[];
    readonly headNorm: (heads: tf.Tensor, which: 0 | 1) => tf.Tensor;
    readonly tables: { cos: tf.Tensor; sin: tf.Tensor } | undefined;
    readonly past: KeysAndValues | undefined;
  } & Pick<DecoderMode, 'mask' | 'branches'>,
): { seen: tf.Tensor; own: KeysAndValues } {
  const { heads, kvHeads } = config;
  const size = headSizeOf(config);
  const [first] = parts.projected as [tf.Tensor];
  const [B, T] = first.shape as [number, number, number];
  const fused = parts.projected.length === 1;
  const [qs, ks, vs] = (
    fused ? tf.split(first, [heads * size, kvHeads * size, kvHeads * size], -1) : parts.projected
  ) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const split = (x: tf.Tensor, n: number): tf.Tensor => tf.transpose(tf.reshape(x, [B, T, n, size]), [0, 2, 1, 3]);
  const turn = (x: tf.Tensor): tf.Tensor => (parts.tables ? rotate(x, parts.tables, rotatedOf(config)) : x);
  const q = turn(parts.headNorm(split(qs, heads), 0));
  const k = turn(parts.headNorm(split(ks, kvHeads), 1));
  const v = split(vs, kvHeads);
  const scale = config.attentionScale ?? 1 / Math.sqrt(size);
  const { attentionSoftcap } = config;
  const see = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor): tf.Tensor =>
    attentionSoftcap === undefined
      ? attention(q, k, v, parts.mask, scale)
      : cappedAttention(q, k, v, parts.mask, scale, attentionSoftcap);
  const joined = (x: tf.Tensor): tf.Tensor => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [B, T, heads * size]);
  const { branches, past } = parts;
  const own = { k, v };
  const afterPast = (which: 'k' | 'v', x: tf.Tensor): tf.Tensor => (past ? tf.concat([past[which], x], 2) : x);
  if (!branches) return { seen: joined(see(q, afterPast('k', k), afterPast('v', v))), own };

  const all = branches.count * branches.size;
  const cap = (scores: tf.Tensor): tf.Tensor =>
    attentionSoftcap === undefined ? scores : capped(scores, attentionSoftcap);
  const branched = (of: Record<'q' | 'k' | 'v', tf.Tensor>, trunk: KeysAndValues): tf.Tensor =>
    branchAttention({ own: of, trunk, mask: branches.mask, scale, cap });
  if (past && T === all) return { seen: joined(branched({ q, k, v }, past)), own };
  const parted = (x: tf.Tensor): [tf.Tensor, tf.Tensor] => tf.split(x, [T - all, all], 2) as [tf.Tensor, tf.Tensor];
  const [[trunkQ, lastQ], [trunkK, lastK], [trunkV, lastV]] = [parted(q), parted(k), parted(v)];
  const trunk = { k: afterPast('k', trunkK), v: afterPast('v', trunkV) };
  const seen = [see(trunkQ, trunk.k, trunk.v), branched({ q: lastQ, k: lastK, v: lastV }, trunk)];
  return { seen: joined(tf.concat(seen, 2)), own };
}

function rotate(x: tf.Tensor, { cos, sin }: { cos: tf.Tensor; sin: tf.Tensor }, rotated: number): tf.Tensor {
  const size = x.shape[3]!;
  if (rotated === size) return rope(x, cos, sin);
  const [front, rest] = tf.split(x, [rotated, size - rotated], -1) as [tf.Tensor, tf.Tensor];
  return tf.concat([rope(front, cos, sin), rest], -1);
}

/** `attention` of @lea/tensor with capped scores (Gemma 2). */
function cappedAttention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  mask: tf.Tensor,
  scale: number,
  cap: number,
): tf.Tensor {
  const [B, heads, T, size] = q.shape as [number, number, number, number];
  const [, groups, K] = k.shape as [number, number, number];
  const rows = (heads / groups) * T;
  const scores = capped(tf.mul(tf.matMul(tf.reshape(q, [B, groups, rows, size]), k, false, true), scale), cap);
  const p = maskedSoftmax(tf.add(tf.reshape(scores, [B, heads, T, K]), mask));
  return tf.reshape(tf.matMul(tf.reshape(p, [B, groups, rows, K]), v), [B, heads, T, size]);
}

/** Soft cap: cap tanh(x / cap). */
export function capped(x: tf.Tensor, cap: number): tf.Tensor {
  return tf.mul(tf.tanh(tf.div(x, cap)), cap);
}
