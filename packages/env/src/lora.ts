import { fold, type Key, LeaError, normal } from '@lea/core';
import type { Specs, Tensors, Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';

/** Low-rank adapters (Hu et al. 2021): y = W x + (alpha / rank) B A x, with W left as it is. */
export interface LoraOptions {
  /** Size of the bottleneck (default 8). Higher: more to learn, slower. */
  readonly rank: number;
  /** Strength: the update is scaled by alpha / rank (default 16). */
  readonly alpha: number;
  /** Names of the projections that get one, without `_proj` (default q and v). */
  readonly targets: readonly LoraTarget[];
}
export type LoraTarget = 'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down';

export const LORA: LoraOptions = { rank: 8, alpha: 16, targets: ['q', 'v'] };

/**
 * Fresh adapters for all layers: A is N(0, 1 / inputs), B is zero, so nothing changes at first.
 *
 * @param specs of the decoder; @throws LeaError `E_OPTION_VALUE` when no weight has a target's name
 */
export function initLora(key: Key, specs: Specs, { rank, targets }: LoraOptions): Values {
  const adapters: Values = {};
  for (const target of targets) {
    const names = Object.keys(specs).filter((name) => name.endsWith(`.${target}_proj.weight`));
    if (names.length === 0) {
      throw new LeaError('E_OPTION_VALUE', 'The decoder has no projection of that name.', {
        value: target,
        hint: 'LoRA targets are q, k, v, o, gate, up, down.',
      });
    }
    for (const name of names) {
      const module = name.slice(0, -'.weight'.length);
      const [outputs, inputs] = specs[name]!.shape as [number, number];
      const a = normal(fold(key, module), rank * inputs).map((v) => v / Math.sqrt(inputs));
      adapters[`${module}.lora_A.weight`] = { dtype: 'float32', shape: [rank, inputs], data: a };
      const b = new Float32Array(outputs * rank);
      adapters[`${module}.lora_B.weight`] = { dtype: 'float32', shape: [outputs, rank], data: b };
    }
  }
  return adapters;
}

/** What the adapter of a module adds to its output, or nothing when it has none. x: [..., inputs]. */
export function loraDelta(
  { weights, scale }: { readonly weights: Tensors; readonly scale: number },
  x: tf.Tensor,
  module: string,
): tf.Tensor | undefined {
  const a = weights[`${module}.lora_A.weight`];
  const b = weights[`${module}.lora_B.weight`];
  if (!a || !b) return undefined;
  const flat = tf.reshape(x, [-1, x.shape.at(-1)!]);
  const delta = tf.mul(tf.matMul(tf.matMul(flat, a, false, true), b, false, true), scale);
  return tf.reshape(delta, [...x.shape.slice(0, -1), b.shape[0]!]);
}
