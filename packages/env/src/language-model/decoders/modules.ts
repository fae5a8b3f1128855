import { checkObjects, fold, type Key, normal } from '@lea/core';
import type { Specs, Values } from '@lea/tensor';
import { checkDecoderConfigs } from '../../shared/arguments.ts';
import { checkDecoder, type DecoderConfig, type DecoderLayout, headSizeOf } from './config.ts';

/** Hugging Face names of the parts of a decoder. */
interface Names {
  readonly base: string;
  readonly layer: string;
  /** Projections to queries, keys and values: three, or a single joint one. */
  readonly attention: readonly string[];
  readonly output: string;
  /** Gate and up projections of the MLP: two, or a single joint one; without a gate only the up projection. */
  readonly up: readonly string[];
  readonly down: string;
  /** Norms before attention and before the MLP. */
  readonly norms: readonly [string, string];
  readonly lastNorm: string;
  readonly words: string;
  readonly gated: boolean;
  /** Whether matrices are stored [inputs, outputs]. */
  readonly transposed: boolean;
}

const LLAMA: Names = {
  base: 'model.',
  layer: 'layers',
  attention: ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  output: 'self_attn.o_proj',
  up: ['mlp.gate_proj', 'mlp.up_proj'],
  down: 'mlp.down_proj',
  norms: ['input_layernorm', 'post_attention_layernorm'],
  lastNorm: 'norm',
  words: 'embed_tokens',
  gated: true,
  transposed: false,
};

const LAYOUTS: Record<DecoderLayout, Names> = {
  llama: LLAMA,
  phi3: { ...LLAMA, attention: ['self_attn.qkv_proj'], up: ['mlp.gate_up_proj'] },
  gpt2: {
    base: 'transformer.',
    layer: 'h',
    attention: ['attn.c_attn'],
    output: 'attn.c_proj',
    up: ['mlp.c_fc'],
    down: 'mlp.c_proj',
    norms: ['ln_1', 'ln_2'],
    lastNorm: 'ln_f',
    words: 'wte',
    gated: false,
    transposed: true,
  },
};

/** Norms before and after attention and MLP, if their outputs are normalized too. */
const POST_NORMS = {
  before: ['input_layernorm', 'pre_feedforward_layernorm'],
  after: ['post_attention_layernorm', 'post_feedforward_layernorm'],
} as const;

/** A matrix of the decoder. */
export interface Module {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
}

/** The parts of one layer, with full names. */
export interface Layer {
  readonly attention: readonly Module[];
  readonly output: Module;
  readonly up: readonly Module[];
  readonly down: Module;
  /** Norms before attention and before the MLP. */
  readonly norms: readonly [string, string];
  /** Norms after attention and after the MLP, if any. */
  readonly postNorms: readonly [string, string] | undefined;
  /** Norms of query and key heads, if any. */
  readonly qkNorms: readonly [string, string] | undefined;
}

const namesOf = (config: DecoderConfig): Names => LAYOUTS[config.layout ?? 'llama'];

/** Prefix of the names, `model.` or `transformer.`, which checkpoints of base models omit. */
export const baseOf = (config: DecoderConfig): string => namesOf(config).base;
/** Name of the word vectors [tokens, width]. */
export const wordsOf = (config: DecoderConfig): string => `${baseOf(config)}${namesOf(config).words}.weight`;
/** Name of the learned position vectors [positions, width]. */
export const positionsOf = (config: DecoderConfig): string => `${baseOf(config)}wpe.weight`;
/** Name of the final norm. */
export const lastNormOf = (config: DecoderConfig): string => `${baseOf(config)}${namesOf(config).lastNorm}`;
/** Whether the MLP has a gate. */
export const isGated = (config: DecoderConfig): boolean => namesOf(config).gated;
/** Whether matrices are stored as [inputs, outputs]. */
export const isTransposed = (config: DecoderConfig): boolean => namesOf(config).transposed;
/** Name of the output layer [tokens, width]; if it is missing, the word vectors are used. */
export const HEAD = 'lm_head.weight';

/** The modules and norms of one layer. */
export function layerOf(config: DecoderConfig, index: number): Layer {
  const names = namesOf(config);
  const { width, mlpWidth, heads, kvHeads, biases = {} } = config;
  const at = `${names.base}${names.layer}.${index}.`;
  const size = headSizeOf(config);
  const queries = heads * size;
  const kv = kvHeads * size;
  const module = (name: string, inputs: number, outputs: number, bias = false): Module => ({
    name: at + name,
    inputs,
    outputs,
    bias,
  });
  const attention = names.attention.length === 1 ? [queries + 2 * kv] : [queries, kv, kv];
  const up = names.up.length === 1 ? [names.gated ? 2 * mlpWidth : mlpWidth] : [mlpWidth, mlpWidth];
  const pair = ([a, b]: readonly [string, string]): readonly [string, string] => [at + a, at + b];
  return {
    attention: names.attention.map((name, i) => module(name, width, attention[i]!, biases.qkv)),
    output: module(names.output, queries, width, biases.output),
    up: names.up.map((name, i) => module(name, width, up[i]!, biases.mlp)),
    down: module(names.down, mlpWidth, width, biases.mlp),
    norms: pair(config.postNorms ? POST_NORMS.before : names.norms),
    postNorms: config.postNorms ? pair(POST_NORMS.after) : undefined,
    qkNorms: config.qkNorms ? pair(['self_attn.q_norm', 'self_attn.k_norm']) : undefined,
  };
}

/** All projections of all layers. */
export function modulesOf(config: DecoderConfig): Module[] {
  return Array.from({ length: config.layers }, (_, i) => layerOf(config, i)).flatMap((layer) => [
    ...layer.attention,
    layer.output,
    ...layer.up,
    layer.down,
  ]);
}

/** Hugging Face names and shapes of all weights except the word vectors and the output layer. */
export function decoderSpecs(config: DecoderConfig): Specs {
  checkDecoderConfigs('decoderSpecs', { config });
  const specs: Specs = {};
  const put = (name: string, ...shape: number[]): void => {
    specs[name] = { dtype: 'float32', shape };
  };
  const norm = (name: string, size = config.width): void => {
    put(`${name}.weight`, size);
    if (config.norm === 'layer') put(`${name}.bias`, size);
  };
  const matrix = ({ name, inputs, outputs, bias }: Module): void => {
    put(`${name}.weight`, ...(isTransposed(config) ? [inputs, outputs] : [outputs, inputs]));
    if (bias) put(`${name}.bias`, outputs);
  };
  if (config.maxPositions) put(positionsOf(config), config.maxPositions, config.width);
  for (let index = 0; index < config.layers; index++) {
    const layer = layerOf(config, index);
    norm(layer.norms[0]);
    layer.attention.forEach(matrix);
    matrix(layer.output);
    norm(layer.norms[1]);
    layer.up.forEach(matrix);
    matrix(layer.down);
    for (const name of layer.postNorms ?? []) norm(name);
    for (const name of layer.qkNorms ?? []) norm(name, headSizeOf(config));
  }
  norm(lastNormOf(config));
  return specs;
}

/** Initial weights: norms 1; matrices N(0, 1 / inputs), divided by sqrt(2 layers) if they write to the residual stream. */
export function initDecoder(key: Key, config: DecoderConfig): Values {
  checkObjects('initDecoder', { key });
  checkDecoderConfigs('initDecoder', { config });
  checkDecoder(config);
  const modules = new Map(modulesOf(config).map((module) => [`${module.name}.weight`, module]));
  const writers = /(o_proj|down_proj|c_proj)\.weight$/;
  const gain = config.norm === 'rms+1' ? 0 : 1;
  const values: Values = {};
  for (const [name, { shape }] of Object.entries(decoderSpecs(config))) {
    const size = shape.reduce((a, b) => a * b, 1);
    const inputs = modules.get(name)?.inputs;
    const residual = writers.test(name) ? Math.sqrt(2 * config.layers) : 1;
    const drawn = (scale: number): Float32Array => normal(fold(key, name), size).map((v) => v / scale / residual);
    let data: Float32Array;
    if (inputs !== undefined) data = drawn(Math.sqrt(inputs));
    else if (name === positionsOf(config)) data = drawn(50);
    else data = new Float32Array(size).fill(name.endsWith('.bias') ? 0 : gain);
    values[name] = { dtype: 'float32', shape, data };
  }
  return values;
}
