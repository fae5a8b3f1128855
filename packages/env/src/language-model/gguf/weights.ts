import { LeaError } from '@lea/core';
import { float32, type Values } from '@lea/tensor';
import { checkFinite, type WeightFiles } from '../decoders/weights.ts';
import type { GgufArchitecture } from './config.ts';
import { type GgufFile, type GgufTensor, readTensor } from './header.ts';

/** Hugging Face names of the parts of a layer by their GGUF names. */
const LLAMA_LAYER: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_qkv: 'self_attn.qkv_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_output: 'self_attn.o_proj',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

interface Names {
  readonly layer: Readonly<Record<string, string>>;
  readonly layers: string;
  readonly outside: Readonly<Record<string, string>>;
}

const LLAMA: Names = {
  layer: LLAMA_LAYER,
  layers: 'model.layers',
  outside: { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' },
};

const GEMMA: Names = {
  ...LLAMA,
  layer: {
    ...LLAMA_LAYER,
    post_attention_norm: 'post_attention_layernorm',
    ffn_norm: 'pre_feedforward_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
  },
};

const NAMES: Readonly<Record<GgufArchitecture, Names>> = {
  llama: LLAMA,
  qwen2: LLAMA,
  qwen3: LLAMA,
  gemma2: GEMMA,
  gemma3: GEMMA,
  phi3: { ...LLAMA, layer: { ...LLAMA_LAYER, ffn_up: 'mlp.gate_up_proj' } },
  gpt2: {
    layers: 'transformer.h',
    layer: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    outside: {
      token_embd: 'transformer.wte',
      position_embd: 'transformer.wpe',
      output_norm: 'transformer.ln_f',
      output: 'lm_head',
    },
  },
};

/** Hugging Face name of a GGUF tensor; undefined if unknown. */
function nameOf(names: Names, name: string): string | undefined {
  const [, index, part, kind] = /^(?:blk\.(\d+)\.)?([\w]+)\.(weight|bias)$/.exec(name) ?? [];
  const table = index === undefined ? names.outside : names.layer;
  if (part === undefined || !Object.hasOwn(table, part)) return undefined;
  return `${index === undefined ? '' : `${names.layers}.${index}.`}${table[part]}.${kind}`;
}

/** Tensors that `ggufConfig` reads, or that follow from the config. */
const NOT_WEIGHTS = new Set(['rope_freqs.weight']);

/**
 * The weights of a GGUF file with Hugging Face names and layout: rows of Llama's queries and keys reordered for its RoPE,
 * Gemma's norms minus one, GPT-2's matrices as [inputs, outputs].
 *
 * @param heads number of query heads; `kvHeads`: of key and value heads
 */
export function ggufWeights(
  file: GgufFile,
  architecture: GgufArchitecture,
  { heads, kvHeads }: { heads: number; kvHeads: number },
): WeightFiles {
  const found = new Map<string, GgufTensor>();
  for (const [name, tensor] of file.tensors) {
    if (NOT_WEIGHTS.has(name)) continue;
    const known = nameOf(NAMES[architecture], name);
    if (known === undefined) {
      throw new LeaError('E_MODEL_UNSUPPORTED', `The file contains a weight that ${architecture} models do not have.`, {
        value: name,
        hint: 'Choose another conversion of the model.',
      });
    }
    found.set(known, tensor);
  }
  const isMatrix = (shape: readonly number[]): boolean => shape.length === 2;
  /** GGUF stores GPT-2's matrices transposed. */
  const isTurned = (name: string, { shape }: GgufTensor): boolean =>
    architecture === 'gpt2' && isMatrix(shape) && name.startsWith(`${NAMES.gpt2.layers}.`);
  const shapeOf = (name: string, tensor: GgufTensor): readonly number[] =>
    isTurned(name, tensor) ? [...tensor.shape].reverse() : tensor.shape;

  const converted = (name: string, tensor: GgufTensor, data: Float32Array): Float32Array => {
    if (isTurned(name, tensor)) return transposed(data, tensor.shape as [number, number]);
    if (architecture === 'llama' && name.includes('self_attn.q_proj')) return unpermuted(data, tensor.shape, heads);
    if (architecture === 'llama' && name.includes('self_attn.k_proj')) return unpermuted(data, tensor.shape, kvHeads);
    const isGemma = architecture === 'gemma2' || architecture === 'gemma3';
    return isGemma && name.endsWith('norm.weight') ? data.map((gain) => gain - 1) : data;
  };

  return {
    has: (name) => found.has(name),
    async read(specs) {
      for (const [name, { shape }] of Object.entries(specs)) {
        const tensor = found.get(name);
        const there = tensor && shapeOf(name, tensor);
        if (there?.join() === shape.join()) continue;
        throw new LeaError('E_MODEL_WEIGHTS', `The weight "${name}" of ${file.path} does not match the header.`, {
          value: tensor ? `${tensor.type.name}[${there!.join(', ')}]` : 'missing',
          hint: `Expected the shape [${shape.join(', ')}]. Download or convert the model again.`,
        });
      }
      const extra = [...found.keys()].find((name) => specs[name] === undefined);
      if (extra !== undefined) {
        throw new LeaError('E_MODEL_WEIGHTS', `${file.path} contains a weight that its header does not describe.`, {
          value: extra,
          hint: 'Choose another conversion of the model.',
        });
      }
      const values: Values = {};
      for (const [name, { shape }] of Object.entries(specs)) {
        const tensor = found.get(name)!;
        const data = await readTensor(file, tensor);
        checkFinite(data, name, file.path);
        values[name] = float32(converted(name, tensor, data), shape);
      }
      return values;
    },
  };
}

function transposed(data: Float32Array, [rows, columns]: readonly [number, number]): Float32Array {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c]!;
  return out;
}

/**
 * llama.cpp rotates adjacent rows of a head, Hugging Face rotates its two halves: rows 0, 1, 2, … of a head here are rows
 * 0, s/2, 1, … there.
 */
function unpermuted(data: Float32Array, shape: readonly number[], heads: number): Float32Array {
  const rows = shape[0]!;
  const columns = data.length / rows;
  const size = rows / heads;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const [head, at] = [Math.floor(row / size), row % size];
    const to = head * size + (at % 2) * (size / 2) + (at >> 1);
    out.set(data.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return out;
}
