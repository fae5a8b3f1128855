import { LeaError } from '@lea/core';
import { ConfigFile } from '../decoders/config-file.ts';
import { ropeFrequencies } from '../decoders/rope-tables.ts';
import { type GgufFile, readTensor } from './header.ts';

/** Hugging Face `model_type` by GGUF architecture. GGUF files of Mistral have the architecture `llama`. */
const MODEL_TYPES = {
  llama: 'llama',
  qwen2: 'qwen2',
  qwen3: 'qwen3',
  gemma2: 'gemma2',
  gemma3: 'gemma3_text',
  phi3: 'phi3',
  gpt2: 'gpt2',
} as const;

export type GgufArchitecture = keyof typeof MODEL_TYPES;

/** Layer counts of the models (27B) whose attention is scaled by width / heads instead of the head size, as in llama.cpp. */
const LARGE_GEMMA: Partial<Record<GgufArchitecture, number>> = { gemma2: 46, gemma3: 62 };

/**
 * Converts the header of a GGUF file to the fields of a Hugging Face `config.json`.
 *
 * @throws LeaError `E_MODEL_UNSUPPORTED` for an unknown architecture or an unsupported feature
 */
export async function ggufConfig(
  file: GgufFile,
): Promise<{ architecture: GgufArchitecture; config: Record<string, unknown> }> {
  const { metadata, path, tensors } = file;
  const known = Object.fromEntries(Object.keys(MODEL_TYPES).map((name) => [name, name])) as Record<
    string,
    GgufArchitecture
  >;
  const architecture = new ConfigFile(path, metadata).choice('general.architecture', known);
  const prefix = `${architecture}.`;
  const own = new ConfigFile(
    path,
    Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [
        name.startsWith(prefix) ? name.slice(prefix.length) : name,
        typeof value === 'bigint' ? Number(value) : value,
      ]),
    ),
  );
  const optional = <T>(name: string, value: T | undefined): Record<string, T> =>
    value === undefined ? {} : { [name]: value };
  const words = tensors.get('token_embd.weight')?.shape[0];
  const shared = {
    model_type: MODEL_TYPES[architecture],
    vocab_size: words ?? own.count('vocab_size'),
    bos_token_id: own.fields['tokenizer.ggml.bos_token_id'],
    eos_token_id: own.fields['tokenizer.ggml.eos_token_id'],
    // A file may store a copy of the word vectors as the output layer; the weights decide then.
    ...(!tensors.has('output.weight') && { tie_word_embeddings: true }),
  };
  const [width, layers, heads] = [
    own.count('embedding_length'),
    own.count('block_count'),
    own.count('attention.head_count'),
  ];
  const positions = own.count('context_length');
  const inner = own.count('feed_forward_length');
  if (architecture === 'gpt2') {
    return {
      architecture,
      config: {
        ...shared,
        n_embd: width,
        n_layer: layers,
        n_head: heads,
        n_inner: inner,
        n_positions: positions,
        layer_norm_epsilon: own.number('attention.layer_norm_epsilon'),
        activation_function: 'gelu_new',
      },
    };
  }
  own.only('expert_count', 0, 'A mixture of experts');
  const headSize = own.count('attention.key_length', width / heads);
  if (own.count('attention.value_length', headSize) !== headSize) {
    throw own.unusable('attention.value_length', own.fields['attention.value_length'], 'equal to the size of the keys');
  }
  const rotated = own.count('rope.dimension_count', headSize);
  const isGemma = architecture === 'gemma2' || architecture === 'gemma3';
  return {
    architecture,
    config: {
      ...shared,
      hidden_size: width,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      num_key_value_heads: own.count('attention.head_count_kv', heads),
      head_dim: headSize,
      intermediate_size: inner,
      max_position_embeddings: positions,
      rms_norm_eps: own.number('attention.layer_norm_rms_epsilon'),
      rope_theta: own.number('rope.freq_base', architecture === 'gemma3' ? 1e6 : 10000),
      ...(rotated !== headSize && { partial_rotary_factor: rotated / headSize }),
      ...optional('rope_scaling', await ropeScaling(file, own, rotated)),
      ...windowFields(architecture, own),
      ...(isGemma && {
        query_pre_attn_scalar: layers === LARGE_GEMMA[architecture] ? width / heads : headSize,
        ...optional('attn_logit_softcapping', own.optionalNumber('attn_logit_softcapping')),
        ...optional('final_logit_softcapping', own.optionalNumber('final_logit_softcapping')),
      }),
    },
  };
}

/** Sliding windows: in all layers of Mistral and Phi-3, by the rule of the family in Gemma, and in no other family. */
function windowFields(architecture: GgufArchitecture, own: ConfigFile): object {
  const window = own.optionalCount('attention.sliding_window');
  if (architecture === 'llama') return window === undefined ? {} : { model_type: 'mistral', sliding_window: window };
  if (architecture === 'qwen2' || architecture === 'qwen3') {
    own.only('attention.sliding_window', undefined, 'A sliding window');
    return {};
  }
  if (architecture === 'phi3') return { sliding_window: window ?? null };
  const pattern = own.fields['attention.sliding_window_pattern'];
  if (pattern !== undefined && !Number.isInteger(pattern)) {
    throw own.unusable('attention.sliding_window_pattern', pattern, 'a whole number');
  }
  return {
    ...(window !== undefined && { sliding_window: window }),
    ...(architecture === 'gemma3' && { sliding_window_pattern: pattern ?? 6 }),
  };
}

/** GGUF files of Llama 3.1 and later store one factor per frequency instead of the rule's parameters. */
async function ropeScaling(file: GgufFile, own: ConfigFile, rotated: number): Promise<object | undefined> {
  const unsupported = (name: string, value: unknown): LeaError =>
    new LeaError('E_MODEL_UNSUPPORTED', `This kind of RoPE scaling is not supported ("${name}" of ${file.path}).`, {
      value,
      hint: 'Choose another checkpoint of the model.',
    });
  for (const name of ['rope_factors_long.weight', 'rope_factors_short.weight']) {
    if (file.tensors.has(name)) throw unsupported(name, 'longrope');
  }
  const type = own.fields['rope.scaling.type'];
  const stored = file.tensors.get('rope_freqs.weight');
  if (stored === undefined) {
    if (type === undefined || type === 'none') return undefined;
    if (type === 'linear') return { rope_type: 'linear', factor: own.number('rope.scaling.factor') };
    throw unsupported('rope.scaling.type', type);
  }
  const factors = await readTensor(file, stored);
  const theta = own.number('rope.freq_base', 10000);
  const rule = { low_freq_factor: 1, high_freq_factor: 4 };
  const factor = Math.max(...factors);
  for (const length of [
    8192,
    ...(own.has('rope.scaling.original_context_length') ? [own.count('rope.scaling.original_context_length')] : []),
  ]) {
    const scaled = ropeFrequencies(rotated, theta, { type: 'llama3', factor, low: 1, high: 4, length });
    const wanted = ropeFrequencies(rotated, theta).map((frequency, i) => frequency / scaled[i]!);
    if (factors.length === wanted.length && factors.every((f, i) => Math.abs(f - wanted[i]!) < 1e-3 * wanted[i]!)) {
      return { rope_type: 'llama3', factor, original_max_position_embeddings: length, ...rule };
    }
  }
  throw unsupported('rope_freqs.weight', [...factors.slice(0, 8)]);
}
