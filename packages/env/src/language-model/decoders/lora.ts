import { fold, type Key, LeaError, normal, withDefaults } from '@lea/core';
import { type Tensors, type Values, withGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { DecoderConfig } from './config.ts';
import { layerOf, type Module, modulesOf } from './modules.ts';

/** Options of low-rank adapters (Hu et al. 2021): y = W x + (alpha / rank) B A x, with frozen W. */
export interface LoraOptions {
  /** Rank of the update (default 8). Higher: more trainable parameters, slower. */
  readonly rank: number;
  /** The update is scaled by alpha / rank (default 16). Higher: larger changes per step. */
  readonly alpha: number;
  /**
   * Names of the projections with an adapter; the suffix `_proj` may be omitted. Default: `q` and `v`, or the joint
   * projection of queries, keys and values (`c_attn` in GPT-2, `qkv` in Phi-3). More: more trainable parameters, slower.
   */
  readonly targets: readonly string[];
}

/**
 * Completes LoRA options with the defaults for a decoder and checks them.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (rank or alpha out of range, or an unknown projection)
 */
export function loraOf(config: DecoderConfig, given: Partial<LoraOptions>): LoraOptions {
  const { attention } = layerOf(config, 0);
  const targets = attention.length === 1 ? [lastName(attention[0]!)] : ['q', 'v'];
  const lora = withDefaults('fitEnvironment.adaptation', { rank: 8, alpha: 16, targets }, given);
  if (lora.targets.length === 0) {
    throw new LeaError('E_OPTION_VALUE', 'LoRA needs at least one target.', { value: [], hint: targetsHint(config) });
  }
  const modules = targetsOf(config, lora.targets);
  const most = Math.min(...modules.flatMap(({ inputs, outputs }) => [inputs, outputs]));
  if (!Number.isInteger(lora.rank) || lora.rank < 1 || lora.rank > most) {
    throw new LeaError('E_OPTION_VALUE', `The LoRA rank must be a whole number from 1 to ${most} for these targets.`, {
      value: lora.rank,
    });
  }
  if (!Number.isFinite(lora.alpha) || lora.alpha <= 0) {
    throw new LeaError('E_OPTION_VALUE', 'The LoRA option alpha must be a number above 0.', { value: lora.alpha });
  }
  return lora;
}

/** Initial adapters for all layers: A is N(0, 1 / inputs), B is zero, so that the model is unchanged at first. */
export function initLora(key: Key, config: DecoderConfig, { rank, targets }: LoraOptions): Values {
  const adapters: Values = {};
  for (const { name, inputs, outputs } of targetsOf(config, targets)) {
    const a = normal(fold(key, name), rank * inputs).map((v) => v / Math.sqrt(inputs));
    adapters[`${name}.lora_A.weight`] = { dtype: 'float32', shape: [rank, inputs], data: a };
    const b = new Float32Array(outputs * rank);
    adapters[`${name}.lora_B.weight`] = { dtype: 'float32', shape: [outputs, rank], data: b };
  }
  return adapters;
}

/** The matrices of one module's adapter. */
export interface Adapter {
  /** [rank, inputs] */
  readonly a: tf.Tensor;
  /** [outputs, rank] */
  readonly b: tf.Tensor;
  /** alpha / rank */
  readonly scale: number;
}

/** The adapter of a module, if it has one. */
export function adapterOf(
  { weights, scale }: { readonly weights: Tensors; readonly scale: number },
  module: string,
): Adapter | undefined {
  const a = weights[`${module}.lora_A.weight`];
  const b = weights[`${module}.lora_B.weight`];
  return a && b && { a, b, scale };
}

/**
 * Computes (W + scale B A) x with one matrix product. The gradients of A and B are computed through the low-rank factors,
 * without the gradient of the sum.
 *
 * @param x [rows, inputs]
 * @param weight [outputs, inputs], or [inputs, outputs] if `transposed`
 * @returns [rows, outputs]
 */
export function adapted(x: tf.Tensor, weight: tf.Tensor, { a, b, scale }: Adapter, transposed: boolean): tf.Tensor {
  return withGradient([x, weight, a, b], () => {
    const update = transposed ? tf.matMul(a, b, true, true) : tf.matMul(b, a);
    const merged = tf.add(weight, tf.mul(update, scale));
    return {
      value: tf.matMul(x, merged, false, !transposed),
      saved: [x, merged, a, b],
      gradients: (dy, [x, merged, a, b]) => [
        () => tf.matMul(dy, merged!, false, transposed),
        () => (transposed ? tf.matMul(x!, dy, true) : tf.matMul(dy, x!, true)),
        () => tf.matMul(tf.mul(tf.matMul(dy, b!), scale), x!, true),
        () => tf.matMul(dy, tf.mul(tf.matMul(x!, a!, false, true), scale), true),
      ],
    };
  });
}

const lastName = ({ name }: Module): string => name.slice(name.lastIndexOf('.') + 1);

/** Finds the modules of the targets, in their order. @throws LeaError `E_OPTION_VALUE` */
function targetsOf(config: DecoderConfig, targets: readonly string[]): Module[] {
  const modules = modulesOf(config);
  return [...new Set(targets)].flatMap((target) => {
    const named = modules.filter((module) => [target, `${target}_proj`].includes(lastName(module)));
    if (named.length > 0) return named;
    throw new LeaError('E_OPTION_VALUE', 'The decoder has no projection with this name.', {
      value: target,
      hint: targetsHint(config),
    });
  });
}

function targetsHint(config: DecoderConfig): string {
  const names = [...new Set(modulesOf(config).map((module) => lastName(module).replace(/(?<!^c)_proj$/, '')))];
  return `Available LoRA targets: ${names.join(', ')}.`;
}
