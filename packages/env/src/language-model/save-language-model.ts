import { join } from 'node:path';
import { checkPaths } from '@lea/core';
import { replaceFile } from '@lea/core/node';
import { writeSafetensors } from '@lea/tensor';
import { checkLanguageModels } from '../shared/arguments.ts';
import { asWritten } from '../shared/read-json.ts';
import { HEAD } from './decoders/modules.ts';
import type { LanguageModel } from './language-model.ts';
import { tokenOf } from './tokenizer/vocabulary.ts';

/** Field of `config.json` for values that only this library uses; other readers ignore it. */
export const OWN_FIELD = 'lea';

/**
 * Writes a language model to a Hugging Face folder: `config.json`, `model.safetensors` (float32), `tokenizer.json`,
 * `tokenizer_config.json`. The config files of a loaded model are kept, except for the data type and the tie of the
 * weights. The field `lea` of `config.json` holds the context and, if measured, the perplexity.
 *
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE`
 */
export async function saveLanguageModel(languageModel: LanguageModel, dir: string): Promise<void> {
  checkLanguageModels('saveLanguageModel', { languageModel });
  checkPaths('saveLanguageModel', { dir });
  const { tokenizer, context, perplexity } = languageModel;
  const file = {
    ...(languageModel.files ? asWritten(languageModel.files.config) : llamaFile(languageModel)),
    tie_word_embeddings: languageModel.params[HEAD] === undefined,
    // The field names of transformers 5 and of older versions.
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
 * A `tokenizer_config.json` for a model that has none. Without one, readers use the defaults of the model's family. All
 * special tokens are set for the same reason.
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
    // As in this library, "</s>" within a text does not become the end token.
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
