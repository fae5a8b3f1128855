import { fold, type Key, LeaError, normal } from '@lea/core';
import {
  attention,
  dropout,
  linear,
  rmsNorm,
  rope,
  ropeTables,
  type Specs,
  swiglu,
  type Tensors,
  type Values,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { loraDelta } from './lora.ts';

/** The shape of a Llama decoder. */
export interface DecoderConfig {
  /** Size of hidden states and word vectors. */
  readonly width: number;
  readonly layers: number;
  /** Attention heads. */
  readonly heads: number;
  /** Heads of keys and values, shared by `heads / kvHeads` query heads each (grouped-query attention). */
  readonly kvHeads: number;
  /** Size of the gated hidden layer. */
  readonly mlp: number;
  readonly normEps: number;
  readonly ropeTheta: number;
}

export interface DecoderMode {
  /** Added to the attention scores: 0 where a query may look, -1e9 where not; [1 or B, 1, T, T]. */
  readonly mask: tf.Tensor;
  /** LoRA matrices by name (`<module>.lora_A.weight`, `<module>.lora_B.weight`), added to the projections they name. */
  readonly adapters?: { readonly weights: Tensors; readonly scale: number };
  /** Dropout of what each layer adds to the residual stream. */
  readonly dropout?: { readonly rate: number; readonly key: tf.Tensor; readonly label: string };
}

/** @throws LeaError `E_OPTION_VALUE` when the sizes do not divide */
export function checkDecoder(config: DecoderConfig): void {
  const head = config.width / config.heads;
  if (!Number.isInteger(head) || head % 2 !== 0) {
    throw new LeaError('E_OPTION_VALUE', 'width / heads must be an even number.', {
      value: [config.width, config.heads],
    });
  }
  if (!Number.isInteger(config.heads / config.kvHeads)) {
    throw new LeaError('E_OPTION_VALUE', 'heads must be a multiple of kvHeads.', {
      value: [config.heads, config.kvHeads],
    });
  }
}

const layerName = (layer: number): string => `model.layers.${layer}`;

/** Names and shapes of all weights, as Hugging Face's Llama has them, without the word vectors. */
export function decoderSpecs(config: DecoderConfig): Specs {
  const { width, mlp } = config;
  const kv = (width / config.heads) * config.kvHeads;
  const specs: Specs = {};
  const put = (name: string, ...shape: number[]): void => {
    specs[`${name}.weight`] = { dtype: 'float32', shape };
  };
  for (let layer = 0; layer < config.layers; layer++) {
    const at = layerName(layer);
    put(`${at}.input_layernorm`, width);
    put(`${at}.self_attn.q_proj`, width, width);
    put(`${at}.self_attn.k_proj`, kv, width);
    put(`${at}.self_attn.v_proj`, kv, width);
    put(`${at}.self_attn.o_proj`, width, width);
    put(`${at}.post_attention_layernorm`, width);
    put(`${at}.mlp.gate_proj`, mlp, width);
    put(`${at}.mlp.up_proj`, mlp, width);
    put(`${at}.mlp.down_proj`, width, mlp);
  }
  put('model.norm', width);
  return specs;
}

/** Fresh weights: norms 1; matrices N(0, 1 / inputs), those that write into the residual stream smaller by sqrt(2 layers). */
export function initDecoder(key: Key, config: DecoderConfig): Values {
  checkDecoder(config);
  const values: Values = {};
  for (const [name, { shape }] of Object.entries(decoderSpecs(config))) {
    const size = shape.reduce((a, b) => a * b, 1);
    const residual = /o_proj|down_proj/.test(name) ? Math.sqrt(2 * config.layers) : 1;
    const data =
      shape.length === 1
        ? new Float32Array(size).fill(1)
        : normal(fold(key, name), size).map((v) => v / Math.sqrt(shape[1]!) / residual);
    values[name] = { dtype: 'float32', shape, data };
  }
  return values;
}

/**
 * The decoder: input vectors to final hidden states. Works on any subset of names that {@link decoderSpecs} lists, so a
 * Hugging Face Llama checkpoint is its parameter set as it comes.
 *
 * @param params by Hugging Face's names
 * @param inputs [B, T, width]
 * @returns hidden states after the last norm, [B, T, width]
 */
export function decode(params: Tensors, config: DecoderConfig, inputs: tf.Tensor, mode: DecoderMode): tf.Tensor {
  const [B, T] = inputs.shape as [number, number, number];
  const { width, heads, kvHeads } = config;
  const size = width / heads;
  const { cos, sin } = ropeTables(T, size, config.ropeTheta);

  const project = (x: tf.Tensor, module: string): tf.Tensor => {
    const y = linear(x, params[`${module}.weight`]!);
    const delta = mode.adapters && loraDelta(mode.adapters, x, module);
    return delta ? tf.add(y, delta) : y;
  };
  const split = (x: tf.Tensor, n: number): tf.Tensor => tf.transpose(tf.reshape(x, [B, T, n, size]), [0, 2, 1, 3]);
  const drop = (x: tf.Tensor, label: string): tf.Tensor =>
    mode.dropout ? dropout(x, mode.dropout.rate, mode.dropout.key, `${mode.dropout.label}/${label}`) : x;
  const norm = (x: tf.Tensor, name: string): tf.Tensor => rmsNorm(x, params[`${name}.weight`]!, config.normEps);

  let x = inputs;
  for (let layer = 0; layer < config.layers; layer++) {
    const at = layerName(layer);
    const a = norm(x, `${at}.input_layernorm`);
    const q = rope(split(project(a, `${at}.self_attn.q_proj`), heads), cos, sin);
    const k = rope(split(project(a, `${at}.self_attn.k_proj`), kvHeads), cos, sin);
    const v = split(project(a, `${at}.self_attn.v_proj`), kvHeads);
    const seen = attention(q, k, v, mode.mask, 1 / Math.sqrt(size));
    const joined = tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [B, T, width]);
    x = tf.add(x, drop(project(joined, `${at}.self_attn.o_proj`), `${layer}/attention`));
    const m = norm(x, `${at}.post_attention_layernorm`);
    const gated = swiglu(project(m, `${at}.mlp.gate_proj`), project(m, `${at}.mlp.up_proj`));
    x = tf.add(x, drop(project(gated, `${at}.mlp.down_proj`), `${layer}/mlp`));
  }
  return norm(x, 'model.norm');
}

/** Each position sees itself and what is before it: [1, 1, T, T]. */
export function causalMask(T: number): tf.Tensor {
  const data = Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0));
  return tf.tensor(data, [1, 1, T, T]);
}

/** Causal, and within runs of equal segment numbers only: [B, T] int32 -> [B, 1, T, T]. */
export function segmentMask(segment: tf.Tensor): tf.Tensor {
  const [B, T] = segment.shape as [number, number];
  const other = tf.notEqual(tf.reshape(segment, [B, 1, T, 1]), tf.reshape(segment, [B, 1, 1, T]));
  return tf.minimum(tf.mul(tf.cast(other, 'float32'), -1e9), causalMask(T));
}
