import { join } from 'node:path';
import { replaceFile } from '@lea/core';
import { writeSafetensors } from '@lea/tensor';
import { HEAD } from './decoders/modules.ts';
import type { LanguageModel } from './language-model.ts';

/** Where `config.json` keeps what only {@link LanguageModel} knows; other readers pass over it. */
export const OWN_FIELD = 'lea';

/**
 * Writes a language model as a Hugging Face folder: `config.json`, `model.safetensors` (float32), `tokenizer.json`. One
 * that was loaded keeps its own `config.json`. The field `lea` of `config.json` holds the context, and the perplexity where
 * it was measured.
 *
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function saveLanguageModel(lm: LanguageModel, dir: string): Promise<void> {
  const { tokenizer, context, perplexity } = lm;
  const file = {
    ...(lm.file ?? llamaFile(lm)),
    bos_token_id: tokenizer.start,
    eos_token_id: tokenizer.end,
    tie_word_embeddings: lm.params[HEAD] === undefined,
    // The spellings of transformers 5 and of the older ones.
    dtype: 'float32',
    torch_dtype: 'float32',
    [OWN_FIELD]: { context, perplexity },
  };
  await replaceFile(join(dir, 'tokenizer.json'), JSON.stringify(tokenizer.json));
  await replaceFile(join(dir, 'config.json'), `${JSON.stringify(file, null, 2)}\n`);
  await writeSafetensors(join(dir, 'model.safetensors'), lm.params, { format: 'pt' });
}

/** The `config.json` of a catalogue model. */
function llamaFile({ config, context, tokenizer }: LanguageModel): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: config.width,
    intermediate_size: config.mlp,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    max_position_embeddings: context,
    rms_norm_eps: config.normEps,
    rope_theta: config.ropeTheta ?? 10000,
    vocab_size: tokenizer.size,
  };
}
