import { join } from 'node:path';
import { LeaError, readWhole, replaceFile } from '@lea/core';
import { readSafetensors, writeSafetensors } from '@lea/tensor';
import { checkDecoder, type DecoderConfig, decoderSpecs } from './decoder.ts';
import { type LanguageModel, languageModelHash, WORDS } from './language-model.ts';
import { tokenizerFrom } from './tokenizer.ts';

/** The files of a language model, in the layout of Hugging Face. */
const FILES = { config: 'config.json', weights: 'model.safetensors', tokenizer: 'tokenizer.json' };

/** Writes a language model as a Hugging Face folder: `config.json`, `model.safetensors`, `tokenizer.json`. */
export async function saveLanguageModel(lm: LanguageModel, dir: string): Promise<void> {
  const { config, tokenizer } = lm;
  const file = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: config.width,
    intermediate_size: config.mlp,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    max_position_embeddings: lm.context,
    rms_norm_eps: config.normEps,
    rope_theta: config.ropeTheta,
    tie_word_embeddings: true,
    vocab_size: tokenizer.size,
    bos_token_id: tokenizer.start,
    eos_token_id: tokenizer.end,
  };
  await replaceFile(join(dir, FILES.tokenizer), JSON.stringify(tokenizer.json));
  await replaceFile(join(dir, FILES.config), `${JSON.stringify(file, null, 2)}\n`);
  await writeSafetensors(join(dir, FILES.weights), lm.params, { format: 'pt' });
}

/**
 * Reads a Llama with tied output from a Hugging Face folder (one file of weights), such as `saveLanguageModel` writes.
 *
 * @param options.context tokens read of each text (default: as many as the model has positions, at most 48)
 * @throws LeaError `E_FILE_MISSING`, `E_SAFETENSORS`, `E_TOKENIZER`, `E_MODEL_UNSUPPORTED`, `E_MODEL_WEIGHTS`
 */
export async function loadLanguageModel(dir: string, options?: { context?: number }): Promise<LanguageModel> {
  const path = join(dir, FILES.config);
  const file = parse((await readWhole(path)).toString(), path);
  if (file.model_type !== 'llama' || file.tie_word_embeddings !== true || file.rope_scaling) {
    throw new LeaError(
      'E_MODEL_UNSUPPORTED',
      `Only Llama models with tied output and plain RoPE can be read (${path}).`,
      {
        value: { model_type: file.model_type, tie_word_embeddings: file.tie_word_embeddings },
      },
    );
  }
  const number = (name: string, otherwise?: number): number => {
    const value = file[name] ?? otherwise;
    if (typeof value === 'number' && value > 0) return value;
    throw new LeaError('E_MODEL_UNSUPPORTED', `${path} has no usable "${name}".`, { value });
  };
  const rope = file.rope_parameters as { rope_theta?: number } | undefined;
  const config: DecoderConfig = {
    width: number('hidden_size'),
    layers: number('num_hidden_layers'),
    heads: number('num_attention_heads'),
    kvHeads: number('num_key_value_heads', number('num_attention_heads')),
    mlp: number('intermediate_size'),
    normEps: number('rms_norm_eps', 1e-6),
    ropeTheta: number('rope_theta', rope?.rope_theta ?? 10000),
  };
  checkDecoder(config);
  const tokenizer = tokenizerFrom(parse((await readWhole(join(dir, FILES.tokenizer))).toString(), FILES.tokenizer));
  const { tensors } = await readSafetensors(join(dir, FILES.weights));
  const wanted = { ...decoderSpecs(config), [WORDS]: { shape: [number('vocab_size'), config.width] } };
  const params = Object.fromEntries(
    Object.entries(wanted).map(([name, { shape }]) => {
      const value = tensors[name];
      if (value?.dtype === 'float32' && value.shape.join() === shape.join()) return [name, value];
      throw new LeaError('E_MODEL_WEIGHTS', `The weights of ${dir} do not fit its config.json: "${name}".`, {
        value: value ? value.shape : 'missing',
        hint: `It must be [${shape.join(', ')}]. Download or save the model again.`,
      });
    }),
  );
  const context = options?.context ?? Math.min(48, number('max_position_embeddings', 48));
  return { config, context, tokenizer, params, hash: languageModelHash(config, tokenizer, params) };
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new LeaError('E_MODEL_UNSUPPORTED', 'This is not JSON.', { value: path, hint: 'Download it again.', cause });
  }
}
