import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { LeaError } from '@lea/core';
import { levelsOf, MOST_LEVELS } from '../shared/read-json.ts';
import { BYTE_CHARACTERS, learnMerges } from './bpe.ts';
import { addedTokenFinder } from './tokenizer/added-tokens.ts';
import { bounded } from './tokenizer/bounded.ts';
import { equivalent, isLinear, type Part, type Refuse } from './tokenizer/parts.ts';
import { type ListedToken, sizeOf, type Vocabulary, vocabularyOf } from './tokenizer/vocabulary.ts';

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

/** Milliseconds for one text, and for each of its characters more. */
const LONGEST = { text: 2000, character: 0.1 };

/**
 * A tokenizer from the parsed content of a `tokenizer.json`. Texts become the ids that Hugging Face's `tokenizers` gives
 * them. Special tokens are not looked for in texts: one that contains "</s>" or "<|im_start|>" gives the pieces of that
 * text and cannot forge the token.
 *
 * @throws LeaError `E_TOKENIZER` when it cannot be read, has a part that is not computed, lacks start or end, or has more
 *   tokens than there are words; `encode` and `decode` throw it for a text that has no tokens or takes too long
 */
export function tokenizerFrom(json: object, options: TokenizerOptions = {}): Tokenizer {
  const { start = START, end = END, path = 'tokenizer.json' } = options;
  const broken = (what: string, details: { value: unknown; cause?: unknown }): LeaError =>
    new LeaError('E_TOKENIZER', `${what} (${path}).`, {
      ...details,
      hint: 'Take the tokenizer.json that belongs to the model.',
    });
  const refuse: Refuse = (what, value) => broken(what, { value: value ?? 'missing' });
  if (levelsOf(json) > MOST_LEVELS) throw refuse(`The tokenizer is nested in more than ${MOST_LEVELS} levels`, path);
  const vocabulary = vocabularyOf(json, refuse);
  const { added, model, unknown } = vocabulary;
  const size = sizeOf(vocabulary, added);
  const { words = size } = options;
  // Special tokens are none that texts could have.
  const plain = added.filter(({ special, id }) => !special && id < words);
  const content = equivalent(json, model, refuse);
  const isFast = isLinear(json as Part, model);
  const attempt = <T>(what: string, characters: number, work: () => T): T => {
    try {
      return isFast ? work() : bounded(LONGEST.text + LONGEST.character * characters, work);
    } catch (cause) {
      const isLate = (cause as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
      throw broken(isLate ? `${what}: it takes too long` : what, { value: (cause as Error).message, cause });
    }
  };
  const make = (parts: object): HuggingFaceTokenizer =>
    attempt('This is not a tokenizer.json that can be used', size, () => {
      return new HuggingFaceTokenizer(parts, { clean_up_tokenization_spaces: false, unk_token: unknown });
    });
  const writer = make({ ...content, added_tokens: [] });
  const reader = make({ ...content, normalizer: null, pre_tokenizer: null, added_tokens: added });

  const idOf = (token: SpecialToken): number => {
    const id = typeof token === 'number' ? token : reader.token_to_id(token);
    if (id !== undefined && id >= 0 && id < words && reader.id_to_token(id) !== undefined) return id;
    throw broken('The tokenizer lacks a token that the model needs', { value: token });
  };
  const ids = { start: idOf(start), end: idOf(end) };
  const needed = sizeOf(vocabulary, plain);
  if (needed > words) throw broken(`The tokenizer has more tokens than the model's ${words}`, { value: needed });
  const encodePiece = encoderOf(writer, model, plain);
  const { unk_token_id } = writer.model!;
  // Special tokens may be part of the vocabulary as well, where some piece of text could come out as one.
  const forbidden = new Set(added.flatMap(({ id, special }) => (special && id !== unk_token_id ? [id] : [])));
  return {
    json,
    size,
    ...ids,
    encode(text, limit = Infinity) {
      const piece = text.slice(0, limit * CHARACTERS_PER_TOKEN);
      const all = attempt('The tokenizer fails on a text', piece.length, () => encodePiece(piece));
      if (all.includes(undefined)) {
        throw broken('The tokenizer has no token for a part of a text', { value: piece.slice(0, 80) });
      }
      return (all as number[]).filter((id) => !forbidden.has(id)).slice(0, limit);
    },
    decode: (ids) =>
      ids.length === 0 ? '' : attempt('The tokenizer fails on ids', ids.length, () => reader.decode(ids as number[])),
  };
}

/** Texts to ids in the steps of the reference: added tokens, normalization, added tokens once more, pieces, the model. */
function encoderOf(
  { normalizer, pre_tokenizer: splitter, model }: HuggingFaceTokenizer,
  { type, byte_fallback, ignore_merges, end_of_word_suffix }: Vocabulary['model'],
  added: readonly ListedToken[],
): (text: string) => (number | undefined)[] {
  const { normalizers } = normalizer as unknown as { normalizers: { normalize(text: string): string }[] };
  const normalized = (given: string): string => {
    let text = given;
    for (const each of normalizers) {
      text = each.normalize(text);
      // Each may make it longer by a factor, and there may be many.
      if (text.length > 1000 + 100 * given.length) throw new RangeError('The normalizer makes it too long');
    }
    return text;
  };
  const isNormalized = ({ normalized: is, special }: ListedToken): boolean => is ?? !special;
  const findGiven = addedTokenFinder(added.filter((token) => !isNormalized(token)));
  const findNormalized = addedTokenFinder(
    added.filter(isNormalized).map((token) => ({ ...token, content: normalized(token.content) })),
  );
  const { tokens_to_ids, unk_token_id } = model!;
  // BPE without a token for the unknown goes on as if unknown characters were not there.
  const dropsUnknown = type === 'BPE' && unk_token_id === undefined && !byte_fallback && !end_of_word_suffix;
  const known = (piece: string): string =>
    dropsUnknown && !(ignore_merges && tokens_to_ids.has(piece))
      ? [...piece].filter((character) => tokens_to_ids.has(character)).join('')
      : piece;
  const idsOf = (text: string, isFirst: boolean): (number | undefined)[] => {
    const pieces: string[] = splitter ? splitter.pre_tokenize(text, { section_index: isFirst ? 0 : 1 }) : [text];
    // Piece by piece: unknown ones are never joined across.
    const tokens: string[] = pieces.flatMap((piece) => model!._call([known(piece)]));
    return tokens.map((token) => tokens_to_ids.get(token) ?? unk_token_id);
  };
  return (text) =>
    findGiven(text).flatMap((section, i) =>
      typeof section === 'number'
        ? [section]
        : findNormalized(normalized(section)).flatMap((part, j) =>
            typeof part === 'number' ? [part] : part === '' ? [] : idsOf(part, i === 0 && j === 0),
          ),
    );
}
