import { LeaError } from '@lea/core';
import { checkDecoder, type DecoderConfig, type RopeScaling } from './config.ts';
import type { ConfigFile } from './config-file.ts';

/** The content of a `config.json`. */
export interface CheckpointConfig {
  /** Architecture of the decoder. */
  readonly decoder: DecoderConfig;
  /** Number of word vectors. */
  readonly vocabSize: number;
  /** Maximum length of a text in tokens. */
  readonly positions: number;
  /** Whether the word vectors are also the output layer, if stated. A separate output layer in the weights takes precedence. */
  readonly tied: boolean | undefined;
}

type Family = (file: ConfigFile) => DecoderConfig;

const ACTIVATIONS = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  relu: 'relu',
} as const;

/** Readers of `config.json` by `model_type`. */
const FAMILIES: Readonly<Record<string, Family>> = {
  llama: (file) => {
    const attention = file.flag('attention_bias', false);
    const biases = { qkv: attention, output: attention, mlp: file.flag('mlp_bias', false) };
    return { ...common(file), ...windows(file, undefined), biases };
  },
  mistral: (file) => ({ ...common(file), ...windows(file, windowOf(file, 4096)) }),
  qwen2: (file) => ({ ...common(file), ...windowsOfQwen(file), biases: { qkv: true } }),
  qwen3: (file) => {
    const attention = file.flag('attention_bias', false);
    const biases = { qkv: attention, output: attention };
    return { ...common(file, { headSize: 128 }), ...windowsOfQwen(file), biases, qkNorms: true };
  },
  gpt2: (file) => {
    file.only('scale_attn_weights', true, 'Unscaled attention');
    file.only('scale_attn_by_inverse_layer_idx', false, 'Attention scaled by layer index');
    file.only('add_cross_attention', false, 'Cross attention');
    windows(file, undefined, { layers: 'n_layer' });
    const width = file.count('n_embd');
    const heads = file.count('n_head');
    return {
      width,
      layers: layerCount(file, 'n_layer'),
      heads,
      kvHeads: heads,
      mlpWidth: file.count('n_inner', 4 * width),
      normEps: file.number('layer_norm_epsilon', 1e-5),
      layout: 'gpt2',
      maxPositions: file.count('n_positions'),
      norm: 'layer',
      activation: file.choice('activation_function', ACTIVATIONS, 'gelu_new'),
      biases: { qkv: true, output: true, mlp: true },
    };
  },
  phi3: (file) => {
    const given = windowOf(file);
    const { window, windowLayers } = windows(file, given);
    // Hugging Face ignores layer_types of Phi-3, so they are accepted only if they agree with sliding_window.
    if (window !== given || windowLayers?.includes(false)) {
      throw file.unusable('layer_types', file.fields.layer_types, '"sliding_attention" for all layers of Phi-3');
    }
    return { ...common(file), layout: 'phi3', window };
  },
  smollm3: (file) => {
    file.only('use_sliding_window', false, 'A sliding window');
    const attention = file.flag('attention_bias', false);
    const config = { ...common(file), ...windows(file, undefined) };
    const rotates = (entry: unknown): boolean | undefined => (entry === 0 || entry === 1 ? entry === 1 : undefined);
    const every = file.count('no_rope_layer_interval', 4);
    return {
      ...config,
      biases: { qkv: attention, output: attention, mlp: file.flag('mlp_bias', false) },
      ropeLayers:
        file.perLayer('no_rope_layers', config.layers, rotates) ?? layersOf(config, (i) => (i + 1) % every !== 0),
    };
  },
  gemma2: (file) => ({
    ...gemma(file),
    ...windows(file, windowOf(file, 4096), { rule: (layer) => layer % 2 === 0 }),
    attentionSoftcap: file.optionalNumber('attn_logit_softcapping'),
    logitSoftcap: file.optionalNumber('final_logit_softcapping'),
  }),
  gemma3_text: (file) => {
    file.only('attn_logit_softcapping', null, 'A soft cap of attention scores');
    file.only('final_logit_softcapping', null, 'A soft cap of logits');
    const every = file.count('sliding_window_pattern', file.count('_sliding_window_pattern', 6));
    const local = file.part('rope_parameters')?.part('sliding_attention');
    local?.only('rope_type', 'default', 'RoPE scaling in layers with a sliding window');
    return {
      ...gemma(file),
      qkNorms: true,
      ...windows(file, windowOf(file, 4096), { rule: (layer) => (layer + 1) % every !== 0 }),
      ropeTheta: rope(file, 1e6).ropeTheta,
      windowRopeTheta: local?.number('rope_theta') ?? file.number('rope_local_base_freq', 10000),
    };
  },
};

/** Default of `tie_word_embeddings` by family. */
const TIED: Readonly<Record<string, boolean>> = { gpt2: true, gemma2: true, gemma3_text: true };

/**
 * Reads the decoder described by a `config.json` of transformers 5 or older versions.
 *
 * @throws LeaError `E_MODEL_UNSUPPORTED` for an unknown family or feature or an invalid size; lists the supported values
 */
export function checkpointConfig(file: ConfigFile): CheckpointConfig {
  const family = file.choice('model_type', FAMILIES);
  if (file.has('quantization_config')) {
    throw new LeaError('E_MODEL_UNSUPPORTED', `Quantized weights are not supported (${file.path}).`, {
      value: file.fields.quantization_config,
      hint: 'Use a checkpoint in float32, float16 or bfloat16, or a quantized model as a GGUF file.',
    });
  }
  const decoder = clean(family(file));
  try {
    checkDecoder(decoder);
  } catch (cause) {
    throw new LeaError('E_MODEL_UNSUPPORTED', `${file.path}: ${(cause as Error).message}`, { cause });
  }
  const tied = file.has('tie_word_embeddings') ? file.flag('tie_word_embeddings', true) : undefined;
  return {
    decoder,
    vocabSize: file.count('vocab_size'),
    positions: decoder.maxPositions ?? file.count('max_position_embeddings', 2048),
    tied: tied ?? TIED[file.fields.model_type as string],
  };
}

/** Upper limit of layers, so that a damaged file cannot make the list of weights endless. */
const MOST_LAYERS = 4096;

function layerCount(file: ConfigFile, name = 'num_hidden_layers'): number {
  const count = file.count(name);
  if (count > MOST_LAYERS) throw file.unusable(name, count, `at most ${MOST_LAYERS}`);
  return count;
}

/** Fields shared by all families except GPT-2. */
function common(file: ConfigFile, { headSize }: { headSize?: number } = {}): DecoderConfig {
  const heads = file.count('num_attention_heads');
  return {
    width: file.count('hidden_size'),
    layers: layerCount(file),
    heads,
    kvHeads: file.count('num_key_value_heads', heads),
    headSize: file.optionalCount('head_dim') ?? headSize,
    mlpWidth: file.count('intermediate_size'),
    normEps: file.number('rms_norm_eps', 1e-6),
    activation: file.choice('hidden_act', ACTIVATIONS, 'silu'),
    ...rope(file),
  };
}

function gemma(file: ConfigFile): DecoderConfig {
  file.only('attention_bias', false, 'Attention with biases');
  file.only('use_bidirectional_attention', false, 'Bidirectional attention');
  const width = file.count('hidden_size');
  return {
    ...common(file, { headSize: 256 }),
    activation: file.choice('hidden_activation', ACTIVATIONS, 'gelu_pytorch_tanh'),
    norm: 'rms+1',
    postNorms: true,
    attentionScale: 1 / Math.sqrt(file.number('query_pre_attn_scalar', 256)),
    embeddingScale: Math.fround(Math.sqrt(width)),
  };
}

/**
 * Rotary positions: from `rope_parameters` of transformers 5 (by layer type in some families), or from `rope_theta`,
 * `rope_scaling` and `partial_rotary_factor`.
 */
function rope(file: ConfigFile, otherwise = 10000): Pick<DecoderConfig, 'ropeTheta' | 'ropeScaling' | 'rotaryShare'> {
  const all = file.part('rope_parameters');
  const part = all?.part('full_attention') ?? all;
  const scaling = part ?? file.part('rope_scaling');
  return {
    ropeTheta: (part?.has('rope_theta') ? part : file).number('rope_theta', otherwise),
    rotaryShare: (part?.has('partial_rotary_factor') ? part : file).optionalNumber('partial_rotary_factor'),
    ropeScaling: scaling && ropeScaling(scaling),
  };
}

function ropeScaling(file: ConfigFile): RopeScaling | undefined {
  const name = file.has('rope_type') || !file.has('type') ? 'rope_type' : 'type';
  const type = file.choice(name, { default: 'default', linear: 'linear', llama3: 'llama3' } as const, 'default');
  if (type === 'default') return undefined;
  const factor = file.number('factor');
  if (type === 'linear') return { type, factor };
  const [low, high] = [file.number('low_freq_factor'), file.number('high_freq_factor')];
  if (high <= low) throw file.unusable('high_freq_factor', high, 'greater than low_freq_factor');
  return { type, factor, low, high, length: file.count('original_max_position_embeddings') };
}

type Windows = Pick<DecoderConfig, 'window' | 'windowLayers'>;

function windowsOfQwen(file: ConfigFile): Windows {
  const full = file.fields.max_window_layers ?? 28;
  if (typeof full !== 'number') throw file.unusable('max_window_layers', full, 'a number');
  const window = file.flag('use_sliding_window', false) ? windowOf(file, 4096) : undefined;
  return windows(file, window, { rule: (layer) => layer >= full });
}

/** Reads `sliding_window`: null means none; if it is missing, the default of the family applies. */
function windowOf(file: ConfigFile, otherwise?: number): number | undefined {
  return file.fields.sliding_window === undefined ? otherwise : file.optionalCount('sliding_window');
}

/**
 * Determines which layers have the window, by `layer_types` or the rule of the family (default: all).
 *
 * @param options.layers name of the field with the number of layers
 */
function windows(
  file: ConfigFile,
  window: number | undefined,
  options: { rule?: (layer: number) => boolean; layers?: string } = {},
): Windows {
  const layers = layerCount(file, options.layers);
  const kind = (entry: unknown): boolean | undefined =>
    entry === 'sliding_attention' ? true : entry === 'full_attention' ? false : undefined;
  const said = file.perLayer('layer_types', layers, kind);
  const windowLayers = said ?? (options.rule && layersOf({ layers }, options.rule));
  if (window !== undefined) return windowLayers?.every((has) => !has) ? {} : { window, windowLayers };
  if (!said?.includes(true)) return {};
  throw file.unusable(
    'layer_types',
    file.fields.layer_types,
    '"full_attention" for all layers of a model without sliding_window',
  );
}

const layersOf = ({ layers }: { layers: number }, rule: (layer: number) => boolean): boolean[] =>
  Array.from({ length: layers }, (_, layer) => rule(layer));

/** Removes fields that equal Llama's defaults, so that equal decoders have equal hashes. */
function clean(config: DecoderConfig): DecoderConfig {
  const { width, heads, headSize, activation, rotaryShare, biases } = config;
  const without = {
    ...config,
    headSize: headSize === width / heads ? undefined : headSize,
    activation: activation === 'silu' ? undefined : activation,
    rotaryShare: rotaryShare === 1 ? undefined : rotaryShare,
    biases: biases && Object.values(biases).some(Boolean) ? biases : undefined,
    windowLayers: config.windowLayers?.includes(false) ? config.windowLayers : undefined,
  };
  const entries = Object.entries(without).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as DecoderConfig;
}
