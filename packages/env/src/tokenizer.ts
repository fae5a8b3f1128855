import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { LeaError } from '@lea/core';
import { BYTE_CHARACTERS, learnMerges } from './bpe.ts';

/** Text to token ids and back. */
export interface Tokenizer {
  /** The content of a `tokenizer.json` in the Hugging Face layout. */
  readonly json: object;
  readonly size: number;
  /** Begins every text. */
  readonly start: number;
  /** Ends every text. */
  readonly end: number;
  /** Ids of the beginning of a text, without start and end, at most `limit` of them. */
  encode(text: string, limit?: number): number[];
  decode(ids: readonly number[]): string;
}

const START = '<s>';
const END = '</s>';

/** No piece of text gives fewer tokens than its characters by more than this, in practice. */
const CHARACTERS_PER_TOKEN = 32;

/**
 * Learns a byte-level BPE vocabulary from texts. Every text can be encoded, whatever characters it has.
 *
 * @param size number of tokens: 258 (the bytes, start, end) and above; higher: shorter sequences, fewer examples of each token
 * @throws LeaError `E_OPTION_VALUE`
 */
export function trainTokenizer(texts: readonly string[], size = 2000): Tokenizer {
  if (!Number.isInteger(size) || size < 258 || size > 65536) {
    throw new LeaError('E_OPTION_VALUE', 'The vocabulary must have 258 to 65536 tokens.', { value: size });
  }
  const merges = learnMerges(texts, size - 258);
  const tokens = [START, END, ...BYTE_CHARACTERS, ...merges.map(([a, b]) => a + b)];
  return tokenizerFrom({
    version: '1.0',
    truncation: null,
    padding: null,
    // Start and end are in the vocabulary but not listed as added tokens: a text that contains "</s>" cannot forge one.
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id])),
      merges,
    },
  });
}

/**
 * A tokenizer from the parsed content of a `tokenizer.json`.
 *
 * @throws LeaError `E_TOKENIZER` when it cannot be read or has no `<s>` and `</s>`
 */
export function tokenizerFrom(json: object): Tokenizer {
  let inner: HuggingFaceTokenizer;
  try {
    inner = new HuggingFaceTokenizer(json, { clean_up_tokenization_spaces: false });
  } catch (cause) {
    throw new LeaError('E_TOKENIZER', 'This is not a tokenizer.json that can be used.', {
      hint: 'Take the tokenizer.json that belongs to the model.',
      cause,
    });
  }
  const [start, end] = [inner.token_to_id(START), inner.token_to_id(END)];
  if (start === undefined || end === undefined) {
    throw new LeaError('E_TOKENIZER', 'The tokenizer lacks a token that the model needs.', {
      value: start === undefined ? START : END,
      hint: 'Take the tokenizer.json that belongs to the model.',
    });
  }
  return {
    json,
    size: inner.get_vocab(true).size,
    start,
    end,
    encode: (text, limit = Infinity) =>
      inner.encode(text.slice(0, limit * CHARACTERS_PER_TOKEN), { add_special_tokens: false }).ids.slice(0, limit),
    decode: (ids) => (ids.length === 0 ? '' : inner.decode(ids as number[])),
  };
}
