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

/** A token by its text or its id. */
export type SpecialToken = string | number;

export interface TokenizerOptions {
  /** Begins every text (default `<s>`). */
  readonly start?: SpecialToken | undefined;
  /** Ends every text (default `</s>`). */
  readonly end?: SpecialToken | undefined;
  /** Rows of the word vectors that ids point into (default: as many as the vocabulary needs). */
  readonly words?: number | undefined;
  /** Where it was read from, for messages. */
  readonly path?: string | undefined;
}

/** No vocabulary is larger: lists of its tokens are as long as its largest id. */
const MOST_TOKENS = 10_000_000;

/** What of a `tokenizer.json` concerns us. */
interface TokenizerFile {
  readonly model?: unknown;
  readonly added_tokens?: readonly { readonly id: number; readonly special?: boolean }[];
}

/**
 * A tokenizer from the parsed content of a `tokenizer.json`. Special tokens are not looked for in texts: one that
 * contains "</s>" or "<|im_start|>" gives the pieces of that text and cannot forge the token.
 *
 * @throws LeaError `E_TOKENIZER` when it cannot be read, lacks start or end, or has more tokens than there are words
 */
export function tokenizerFrom(json: object, options: TokenizerOptions = {}): Tokenizer {
  const { start = START, end = END, path = 'tokenizer.json' } = options;
  const broken = (what: string, details: { value: unknown } | { cause: unknown }): LeaError =>
    new LeaError('E_TOKENIZER', `${what} (${path}).`, {
      ...details,
      hint: 'Take the tokenizer.json that belongs to the model.',
    });
  const attempt = <T>(what: string, work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw broken(what, { cause });
    }
  };
  const size = sizeOf(json as TokenizerFile);
  if (!(size <= MOST_TOKENS)) throw broken('The vocabulary does not number its tokens from 0 on', { value: size });
  const { words = size } = options;
  const make = (content: object): HuggingFaceTokenizer =>
    attempt(
      'This is not a tokenizer.json that can be used',
      () => new HuggingFaceTokenizer(content, { clean_up_tokenization_spaces: false }),
    );
  const reader = make(json);
  const { added_tokens: listed } = json as TokenizerFile;
  const added = Array.isArray(listed) ? (listed as NonNullable<typeof listed>) : [];
  const plain = added.filter((token) => !token.special && token.id < words);
  const file = { ...json, added_tokens: plain };
  const writer = plain.length === added.length ? reader : make(file);

  const idOf = (token: SpecialToken): number => {
    const id = typeof token === 'number' ? token : reader.token_to_id(token);
    if (id !== undefined && id >= 0 && id < words && reader.id_to_token(id) !== undefined) return id;
    throw broken('The tokenizer lacks a token that the model needs', { value: token });
  };
  const ids = { start: idOf(start), end: idOf(end) };
  const needed = sizeOf(file);
  if (needed > words) throw broken(`The tokenizer has more tokens than the model's ${words}`, { value: needed });
  // Special tokens may be part of the vocabulary as well, where some piece of text could come out as one.
  const unknown = (reader as unknown as { model: { unk_token_id?: number } }).model.unk_token_id;
  const forbidden = new Set(added.flatMap(({ id, special }) => (special && id !== unknown ? [id] : [])));
  return {
    json,
    size,
    ...ids,
    encode(text, limit = Infinity) {
      const piece = text.slice(0, limit * CHARACTERS_PER_TOKEN);
      const all: (number | undefined)[] = attempt(
        'The tokenizer fails on a text',
        () => writer.encode(piece, { add_special_tokens: false }).ids,
      );
      if (all.includes(undefined)) {
        throw broken('The tokenizer has no token for a part of a text', { value: piece.slice(0, 80) });
      }
      return (all as number[]).filter((id) => !forbidden.has(id)).slice(0, limit);
    },
    decode: (ids) =>
      ids.length === 0 ? '' : attempt('The tokenizer fails on ids', () => reader.decode(ids as number[])),
  };
}

/** One more than the largest id; not a number when an id is none. */
function sizeOf({ model, added_tokens: added }: TokenizerFile): number {
  const { vocab } = (model ?? {}) as { vocab?: object };
  const ids: unknown[] = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab ?? {});
  if (Array.isArray(added)) for (const token of added) ids.push(token?.id);
  let size = 0;
  for (const id of ids) {
    if (!Number.isSafeInteger(id) || (id as number) < -1) return Number.NaN;
    size = Math.max(size, (id as number) + 1);
  }
  return size;
}
