import { join } from 'node:path';
import { replaceFile } from '@lea/core/node';
import { writeSafetensors } from '@lea/tensor';
import { asWritten } from '../shared/read-json.ts';
import { HEAD } from './decoders/modules.ts';
import type { LanguageModel } from './language-model.ts';
import { tokenOf } from './tokenizer/vocabulary.ts';

/** Where `config.json` keeps what only {@link LanguageModel} knows; other readers pass over it. */
export const OWN_FIELD = 'lea';

/**
 * Writes a language model as a Hugging Face folder: `config.json`, `model.safetensors` (float32), `tokenizer.json`,
 * `tokenizer_config.json`. One that was loaded keeps its own files but for the type of the weights and their ties. The field
 * `lea` of `config.json` holds the context, and the perplexity where it was measured.
 *
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function saveLanguageModel(languageModel: LanguageModel, dir: string): Promise<void> {
  const { tokenizer, context, perplexity } = languageModel;
  const file = {
    ...(languageModel.files ? asWritten(languageModel.files.config) : llamaFile(languageModel)),
    tie_word_embeddings: languageModel.params[HEAD] === undefined,
    // The spellings of transformers 5 and of the older ones.
    dtype: 'float32',
    torch_dtype: 'float32',
    [OWN_FIELD]: { context, perplexity },
  };
  const write = (name: string, content: object): Promise<void> =>
    replaceFile(join(dir, name), `${JSON.stringify(content, null, 2)}\n`);
  await replaceFile(join(dir, 'tokenizer.json'), JSON.stringify(tokenizer.json));
  const described = languageModel.files?.tokenizer;
  await write('tokenizer_config.json', described === undefined ? tokenizerFile(languageModel) : asWritten(described));
  await write('config.json', file);
  await writeSafetensors(join(dir, 'model.safetensors'), languageModel.params, { format: 'pt' });
}

/**
 * The `tokenizer_config.json` of a model that came without: without one, readers take the special tokens and the rules of
 * the family. All of these tokens are said, as each family has others for those that are not.
 */
function tokenizerFile({ tokenizer }: LanguageModel): object {
  const { json, start, end } = tokenizer;
  const { unk_token = null } = (json as { model: { unk_token?: unknown } }).model;
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: start === end ? null : tokenOf(json, start),
    eos_token: tokenOf(json, end),
    unk_token,
    pad_token: null,
    clean_up_tokenization_spaces: false,
    // As here: "</s>" in a text does not end it.
    split_special_tokens: true,
  };
}

/** The `config.json` of a catalog model. */
function llamaFile({ config, context, tokenizer }: LanguageModel): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: config.width,
    intermediate_size: config.mlpWidth,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    max_position_embeddings: context,
    rms_norm_eps: config.normEps,
    rope_theta: config.ropeTheta ?? 10000,
    vocab_size: tokenizer.size,
    bos_token_id: tokenizer.start,
    eos_token_id: tokenizer.end,
  };
}
