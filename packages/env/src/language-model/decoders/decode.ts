import { checkObjects } from '@lea/core';
import {
  attention,
  checkTensors,
  dropout,
  embedding,
  gelu,
  geluTanh,
  layerNorm,
  linear,
  maskedSoftmax,
  rmsNorm,
  rope,
  swiglu,
  type Tensors,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkDecoderConfigs } from '../../shared/arguments.ts';
import { branchAttention } from './branch-attention.ts';
import { type DecoderConfig, headSizeOf, rotatedOf } from './config.ts';
import { type Adapter, adapted, adapterOf } from './lora.ts';
import { distanceMask, windowMask } from './masks.ts';
import { isGated, isTransposed, lastNormOf, layerOf, type Module, positionsOf, wordsOf } from './modules.ts';
import { ropeTablesOf } from './rope-tables.ts';

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
    /** Keys and values by layer, from {@link readPositions}. */
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

/** Looks up the decoder's input vectors of tokens: int32 ids [...] -> [..., width]. */
export function embedWords(params: Tensors, config: DecoderConfig, ids: tf.Tensor): tf.Tensor {
  checkObjects('embedWords', { params });
  checkDecoderConfigs('embedWords', { config });
  checkTensors('embedWords', { ids });
  const vectors = embedding(params[wordsOf(config)]!, ids);
  return config.embeddingScale === undefined ? vectors : tf.mul(vectors, config.embeddingScale);
}

/** Soft cap: cap tanh(x / cap). */
export function capped(x: tf.Tensor, cap: number): tf.Tensor {
  return tf.mul(tf.tanh(tf.div(x, cap)), cap);
}

/**
 * Runs the decoder: input vectors to final hidden states. The weights of a Hugging Face checkpoint can be used as they are;
 * {@link decoderSpecs} lists names and shapes.
 *
 * @param params weights by Hugging Face name
 * @param inputs input vectors, [B, T, width]
 * @returns hidden states after the final norm, [B, T, width]
 */
export function decode(params: Tensors, config: DecoderConfig, inputs: tf.Tensor, mode: DecoderMode): tf.Tensor {
  return hiddenStates(params, config, inputs, mode).at(-1)!;
}

/**
 * Runs the decoder and returns the hidden states between all layers: layers + 1 tensors [B, T, width], the input of the
 * first layer, then the output of each layer, the last one after the final norm.
 */
export function hiddenStates(
  params: Tensors,
  config: DecoderConfig,
  inputs: tf.Tensor,
  mode: DecoderMode,
): tf.Tensor[] {
  return readPositions(params, config, inputs, mode).states;
}

/** {@link hiddenStates}, and the keys and values of each layer, which can be passed as `past` of a later call. */
export function readPositions(
  params: Tensors,
  config: DecoderConfig,
  inputs: tf.Tensor,
  mode: DecoderMode,
): {
  /** Hidden states, as in {@link hiddenStates}. */
  states: tf.Tensor[];
  /** Keys and values by layer. */
  layers: KeysAndValues[];
} {
  checkObjects('readPositions', { params });
  checkDecoderConfigs('readPositions', { config });
  checkTensors('readPositions', { inputs });
  checkObjects('readPositions', { mode });
  const T = inputs.shape[1]! + (mode.past?.positions.shape[1] ?? 0);
  const norm = normsOf(params, config);
  const drop = (x: tf.Tensor, label: string): tf.Tensor =>
    mode.dropout ? dropout(x, mode.dropout.rate, mode.dropout.key, `${mode.dropout.label}/${label}`) : x;
  const project = (x: tf.Tensor, module: Module): tf.Tensor =>
    matrixOf(params, config, x, module, mode.adapters && adapterOf(mode.adapters, module.name));
  const narrow = narrowed(config, T, mode);
  const tables = new Map<boolean, { cos: tf.Tensor; sin: tf.Tensor }>();

  let x = config.maxPositions ? tf.add(inputs, positionVectors(params, config, T, mode.positions)) : inputs;
  const states = [x];
  const layers: KeysAndValues[] = [];
  for (let index = 0; index < config.layers; index++) {
    const layer = layerOf(config, index);
    const isWindow = config.window !== undefined && (config.windowLayers?.[index] ?? true);
    const rotates = !config.maxPositions && (config.ropeLayers?.[index] ?? true);
    if (rotates && !tables.has(isWindow)) tables.set(isWindow, ropeTablesOf(config, T, isWindow, mode.positions));
    const entering = norm(x, layer.norms[0]);
    const { seen, own } = attend(config, {
      projected: layer.attention.map((module) => project(entering, module)),
      headNorm: (heads, which) => (layer.qkNorms ? norm(heads, layer.qkNorms[which]!) : heads),
      tables: rotates ? tables.get(isWindow) : undefined,
      ...(isWindow ? narrow : mode),
      past: mode.past?.layers[index],
    });
    layers.push(own);
    const attended = project(seen, layer.output);
    x = tf.add(x, drop(layer.postNorms ? norm(attended, layer.postNorms[0]) : attended, `${index}/attention`));
    const before = norm(x, layer.norms[1]);
    const hidden = activate(
      config,
      layer.up.map((module) => project(before, module)),
    );
    const made = project(hidden, layer.down);
    x = tf.add(x, drop(layer.postNorms ? norm(made, layer.postNorms[1]) : made, `${index}/mlp`));
    states.push(x);
  }
  states[config.layers] = norm(x, lastNormOf(config));
  return { states, layers };
}

/** Learned position vectors, [1 or B, T, width]; positions beyond the last one are padding and get its vector. */
function positionVectors(params: Tensors, config: DecoderConfig, T: number, given: tf.Tensor | undefined): tf.Tensor {
  const places =
    given ??
    tf.tensor2d(
      Int32Array.from({ length: T }, (_, t) => t),
      [1, T],
      'int32',
    );
  return embedding(params[positionsOf(config)]!, tf.minimum(places, tf.scalar(config.maxPositions! - 1, 'int32')));
}

function normsOf(params: Tensors, { norm, normEps }: DecoderConfig) {
  return (x: tf.Tensor, name: string): tf.Tensor => {
    const gain = params[`${name}.weight`]!;
    if (norm === 'layer') return layerNorm(x, gain, params[`${name}.bias`]!, normEps);
    return rmsNorm(x, norm === 'rms+1' ? tf.add(gain, 1) : gain, normEps);
  };
}

function matrixOf(
  params: Tensors,
  config: DecoderConfig,
  x: tf.Tensor,
  { name, inputs, outputs }: Module,
  adapter: Adapter | undefined,
): tf.Tensor {
  const weight = params[`${name}.weight`]!;
  const bias = params[`${name}.bias`];
  const transposed = isTransposed(config);
  if (!adapter && !transposed) return linear(x, weight, bias);
  const rows = tf.reshape(x, [-1, inputs]);
  const product = adapter ? adapted(rows, weight, adapter, transposed) : tf.matMul(rows, weight);
  const y = tf.reshape(product, [...x.shape.slice(0, -1), outputs]);
  return bias ? tf.add(y, bias) : y;
}

/**
 * Attention over projected queries, keys and values, each [B, T, heads * size] or all in one tensor.
 *
 * @returns the output, [B, T, heads * size], and the keys and values of these inputs
 */
function attend(
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

/** Masks of the layers with a window. @param T number of inputs, including `past` */
function narrowed(config: DecoderConfig, T: number, mode: DecoderMode): Pick<DecoderMode, 'mask' | 'branches'> {
  const { mask, branches, positions, past } = mode;
  const { window } = config;
  if (window === undefined || window >= T) return { mask, ...(branches && { branches }) };
  if (!branches && !past) return { mask: tf.minimum(mask, windowMask(T, window)) };
  const { count, size } = branches ?? { count: 0, size: 0 };
  const [B, slots] = positions!.shape as [number, number];
  const all = count * size;
  const front = slots > all ? [tf.slice(positions!, [0, 0], [B, slots - all])] : [];
  const trunk = tf.concat([...(past ? [past.positions] : []), ...front], 1);
  const near = { mask: front[0] ? tf.minimum(mask, distanceMask(front[0], trunk, window)) : mask };
  if (!branches) return near;
  const back = tf.reshape(tf.slice(positions!, [0, slots - all], [B, all]), [B * count, size]);
  const before = tf.tile(tf.reshape(trunk, [B, 1, trunk.shape[1]!]), [1, count, 1]);
  const seen = tf.concat([tf.reshape(before, [B * count, trunk.shape[1]!]), back], 1);
  return { ...near, branches: { ...branches, mask: tf.minimum(branches.mask, distanceMask(back, seen, window)) } };
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

function activate(config: DecoderConfig, parts: readonly tf.Tensor[]): tf.Tensor {
  const kind = config.activation ?? 'silu';
  const [first] = parts as [tf.Tensor];
  if (!isGated(config)) return activation(first, kind);
  const [gate, up] = (parts.length === 1 ? tf.split(first, 2, -1) : parts) as [tf.Tensor, tf.Tensor];
  return kind === 'silu' ? swiglu(gate, up) : tf.mul(activation(gate, kind), up);
}

function activation(x: tf.Tensor, kind: NonNullable<DecoderConfig['activation']>): tf.Tensor {
  if (kind === 'gelu') return gelu(x);
  if (kind === 'gelu-tanh') return geluTanh(x);
  return kind === 'relu' ? tf.relu(x) : tf.mul(x, tf.sigmoid(x));
}
