import { describe, expect, test } from 'vitest';
import { ConfigFile } from './config-file.ts';
import { checkpointConfig } from './families.ts';
import { ropeFrequencies } from './rope-tables.ts';

const sizes = {
  vocab_size: 96,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
};
const shape = { width: 32, layers: 4, heads: 4, kvHeads: 2, mlpWidth: 48, normEps: 1e-6, ropeTheta: 10000 };
const read = (fields: object) => checkpointConfig(new ConfigFile('config.json', { ...sizes, ...fields }));

describe('what config.json leaves out is as the family has it', () => {
  test.each<[string, object, object]>([
    ['llama', {}, {}],
    [
      'llama',
      { head_dim: 16, attention_bias: true },
      { headSize: 16, biases: { qkv: true, output: true, mlp: false } },
    ],
    [
      'llama',
      { hidden_act: 'gelu_new', mlp_bias: true },
      { activation: 'gelu-tanh', biases: { qkv: false, output: false, mlp: true } },
    ],
    ['llama', { rope_scaling: { type: 'linear', factor: 2 } }, { ropeScaling: { type: 'linear', factor: 2 } }],
    ['mistral', { sliding_window: null, head_dim: null }, {}],
    ['mistral', { sliding_window: 8 }, { window: 8 }],
    ['qwen2', { sliding_window: 8, use_sliding_window: false }, { biases: { qkv: true } }],
    [
      'qwen2',
      { sliding_window: 8, use_sliding_window: true, max_window_layers: 3 },
      { biases: { qkv: true }, window: 8, windowLayers: [false, false, false, true] },
    ],
    ['qwen3', { rope_theta: 1e6 }, { headSize: 128, qkNorms: true, ropeTheta: 1e6 }],
    ['phi3', { partial_rotary_factor: 0.5, sliding_window: 8 }, { layout: 'phi3', rotaryShare: 0.5, window: 8 }],
    ['smollm3', {}, { ropeLayers: [true, true, true, false] }],
    [
      'gemma2',
      { head_dim: 8, attn_logit_softcapping: 50 },
      { windowLayers: [true, false, true, false], attentionScale: 1 / 16, attentionSoftcap: 50, window: 4096 },
    ],
    [
      'gemma3_text',
      { num_hidden_layers: 7, head_dim: 8, rope_scaling: { rope_type: 'linear', factor: 8 }, rope_theta: 1e6 },
      {
        windowLayers: [true, true, true, true, true, false, true],
        ropeTheta: 1e6,
        windowRopeTheta: 10000,
        ropeScaling: { type: 'linear', factor: 8 },
      },
    ],
  ])('%s with %j', (model_type, fields, more) => {
    const { decoder } = read({ model_type, ...fields });
    if (model_type.startsWith('gemma')) expect(decoder).toMatchObject(more);
    else expect(decoder).toEqual({ ...shape, ...more });
  });

  const [S, F] = ['sliding_attention', 'full_attention'];

  test.each<[string, object, object]>([
    [
      'mistral',
      { sliding_window: 8, layer_types: [F, S, F, S] },
      { window: 8, windowLayers: [false, true, false, true] },
    ],
    ['mistral', { sliding_window: 8, layer_types: [S, S, S, S] }, { window: 8 }],
    ['mistral', { sliding_window: 8, layer_types: [F, F, F, F] }, {}],
    ['mistral', { sliding_window: null, layer_types: [F, F, F, F] }, {}],
    ['mistral', { sliding_window: 8, layer_types: null }, { window: 8 }],
    ['mistral', {}, { window: 4096 }],
    ['llama', { layer_types: [F, F, F, F] }, {}],
    ['phi3', { layer_types: [F, F, F, F] }, { layout: 'phi3' }],
    ['phi3', { sliding_window: 8, layer_types: [S, S, S, S] }, { layout: 'phi3', window: 8 }],
    ['smollm3', { layer_types: [F, F, F, F] }, { ropeLayers: [true, true, true, false] }],
    [
      'qwen2',
      { use_sliding_window: true, max_window_layers: 0, layer_types: [S, F, F, F] },
      { biases: { qkv: true }, window: 4096, windowLayers: [true, false, false, false] },
    ],
    ['qwen2', { use_sliding_window: true, sliding_window: null }, { biases: { qkv: true } }],
    [
      'gemma2',
      { head_dim: 8, sliding_window: 8, layer_types: [F, F, S, F] },
      { window: 8, windowLayers: [false, false, true, false] },
    ],
  ])('%s: layer_types say which layers have the window, %j', (model_type, fields, more) => {
    const { decoder } = read({ model_type, ...fields });
    if (model_type.startsWith('gemma')) expect(decoder).toMatchObject(more);
    else expect(decoder).toEqual({ ...shape, ...more });
  });

  test.each<[string, object]>([
    ['llama', { layer_types: [F, S, F, F] }],
    ['llama', { sliding_window: 8, layer_types: [S, S, S, S] }],
    ['mistral', { sliding_window: null, layer_types: [F, S, F, F] }],
    ['mistral', { sliding_window: 8, layer_types: [F, S, F] }],
    ['mistral', { sliding_window: 8, layer_types: ['chunked_attention', F, F, F] }],
    ['mistral', { sliding_window: 8, layer_types: ['constructor', F, F, F] }],
    ['mistral', { sliding_window: 8, layer_types: 'full_attention' }],
    ['qwen2', { sliding_window: 8, use_sliding_window: false, layer_types: [S, S, S, S] }],
    ['qwen3', { layer_types: [S, F, F, F] }],
    ['phi3', { sliding_window: 8, layer_types: [F, F, F, F] }],
    ['phi3', { sliding_window: 8, layer_types: [F, S, S, S] }],
    ['phi3', { layer_types: [F, S, S, S] }],
    ['smollm3', { layer_types: [F, S, F, F] }],
    ['gemma3_text', { sliding_window: null, layer_types: [S, S, S, F] }],
    ['gpt2', { n_embd: 32, n_head: 4, n_layer: 4, n_positions: 64, layer_types: [S, S, S, S] }],
  ])('%s refuses layer_types that it does not compute: %j', (model_type, fields) => {
    expect(() => read({ model_type, ...fields })).toThrow(/"layer_types"/);
  });

  test('Gemma 3 refuses stretched positions in the layers with a window', () => {
    const rope_parameters = { sliding_attention: { rope_type: 'linear', factor: 2, rope_theta: 1e4 } };
    expect(() => read({ model_type: 'gemma3_text', head_dim: 8, rope_parameters })).toThrow(/"rope_type"/);
  });

  test('GPT-2: four times the width, tied', () => {
    const fields = { model_type: 'gpt2', n_embd: 32, n_head: 4, n_layer: 2, n_positions: 64, n_inner: null };
    expect(read(fields)).toMatchObject({
      decoder: { mlpWidth: 128, kvHeads: 4, maxPositions: 64 },
      tied: true,
      positions: 64,
    });
  });

  test('ties: said by the file, by the family, or left to the weights', () => {
    expect(read({ model_type: 'llama' }).tied).toBeUndefined();
    expect(read({ model_type: 'gemma2', head_dim: 8 }).tied).toBe(true);
    expect(read({ model_type: 'gemma2', head_dim: 8, tie_word_embeddings: false }).tied).toBe(false);
  });
});

describe('rotary frequencies', () => {
  test('plain and linear', () => {
    expect([...ropeFrequencies(4, 100)]).toEqual([1, expect.closeTo(0.1, 12)]);
    expect([...ropeFrequencies(4, 100, { type: 'linear', factor: 4 })]).toEqual([0.25, expect.closeTo(0.025, 12)]);
  });

  test('llama3: fast ones are kept, slow ones divided, those between blended', () => {
    // Turns within 32 positions: 32 f / 2π = 5.09, 1.61, 0.51 for f = 1, 10^-0.5, 0.1.
    const scaling = { type: 'llama3', factor: 4, low: 1, high: 4, length: 32 } as const;
    const [fast, between, slow] = ropeFrequencies(8, 100, scaling);
    expect(fast).toBe(1);
    expect(slow).toBeCloseTo(0.1 / 4, 12);
    const f = 10 ** -0.5;
    const kept = ((32 * f) / (2 * Math.PI) - 1) / 3;
    expect(between).toBeCloseTo((1 - kept) * (f / 4) + kept * f, 12);
  });
});
