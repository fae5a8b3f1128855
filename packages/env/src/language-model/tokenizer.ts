import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { checkArrays, checkObjects, LeaError } from '@lea/core';
import { levelsOf, MOST_LEVELS } from '../shared/read-json.ts';
import { BYTE_CHARACTERS, learnMerges } from './bpe.ts';
import { addedTokenFinder } from './tokenizer/added-tokens.ts';
import { bounded } from './tokenizer/bounded.ts';
import { equivalent, isLinear, type Part, type Refuse } from './tokenizer/parts.ts';
import { type ListedToken, sizeOf, type Vocabulary, vocabularyOf } from './tokenizer/vocabulary.ts';

/** Converts text to token ids and back. */
export interface Tokenizer {
  /** The content of a `tokenizer.json` in the Hugging Face layout. */
  readonly json: object;
  /** Number of tokens, including special tokens. */
  readonly size: number;
  /** Id of the start token, which precedes every text. */
  readonly start: number;
  /** Id of the end token, which follows every text. */
  readonly end: number;
  /** Token ids of a text without start and end tokens, at most `limit` (default: no limit). */
  encode(text: string, limit?: number): number[];
  /** Text of some token ids. */
  decode(ids: readonly number[]): string;
}

/** First tokens of a text. A text of characters that the tokenizer drops is its end token. */
export function tokensOf(text: string, tokenizer: Tokenizer, most: number): number[] {
  const tokens = tokenizer.encode(text, most);
  return tokens.length > 0 ? tokens : [tokenizer.end];
}

const START = '<s>';
const END = '</s>';

/** Upper bound of characters per token in practice; `encode` with a limit reads no more text than this allows. */
const CHARACTERS_PER_TOKEN = 32;

/**
 * Learns a byte-level BPE vocabulary from texts. It can encode every text, including characters it was not trained on.
 *
 * @param size number of tokens, 258 (the bytes, start, end) to 65536 (default 2000). Higher: shorter sequences, fewer
 *   examples of each token
 * @throws LeaError `E_OPTION_VALUE`
 */
export function trainTokenizer(texts: readonly string[], size = 2000): Tokenizer {
  checkArrays('trainTokenizer', { texts });
  if (!Number.isInteger(size) || size < 258 || size > 65536) {
    throw new LeaError('E_OPTION_VALUE', 'The vocabulary size must be a whole number from 258 to 65536.', {
      value: size,
    });
  }
  const merges = learnMerges(texts, size - 258);
  const tokens = [START, END, ...BYTE_CHARACTERS, ...merges.map(([a, b]) => a + b)];
  return tokenizerFrom({
    version: '1.0',
    truncation: null,
    padding: null,
    // Start and end are not listed as added tokens, so that a text that contains "</s>" does not become the end token.
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

/** A token, by its text or its id. */
export type SpecialToken = string | number;

/** Options of {@link tokenizerFrom}. */
export interface TokenizerOptions {
  /** Token that precedes every text (default `<s>`). */
  readonly start?: SpecialToken | undefined;
  /** Token that follows every text (default `</s>`). */
  readonly end?: SpecialToken | undefined;
  /** Number of word vectors; all token ids must be lower (default: the size of the vocabulary). */
  readonly words?: number | undefined;
  /** File name for error messages (default `tokenizer.json`). */
  readonly path?: string | undefined;
}

/** Time limit in milliseconds: per text, plus per character. */
const LONGEST = { text: 2000, character: 0.1 };

/**
 * Creates a tokenizer from the parsed content of a `tokenizer.json`. It gives the same ids as Hugging Face's `tokenizers`,
 * except that special tokens are not recognized in texts: "</s>" or "<|im_start|>" in a text is encoded as ordinary
 * characters.
 *
 * @throws LeaError `E_TOKENIZER` if the content is invalid or unsupported, if the start or end token is missing, or if there
 *   are more tokens than `words`; `encode` and `decode` throw it if they fail or take too long
 */
export function tokenizerFrom(json: object, options: TokenizerOptions = {}): Tokenizer {
  checkObjects('tokenizerFrom', { json, options });
  const { start = START, end = END, path = 'tokenizer.json' } = options;
  const broken = (what: string, details: { value: unknown; cause?: unknown }): LeaError =>
    new LeaError('E_TOKENIZER', `${what} (${path}).`, {
      ...details,
      hint: 'Use the tokenizer.json that belongs to the model.',
    });
  const refuse: Refuse = (what, value) => broken(what, { value: value ?? 'missing' });
  if (levelsOf(json) > MOST_LEVELS) throw refuse(`The tokenizer is nested more than ${MOST_LEVELS} levels deep`, path);
  const vocabulary = vocabularyOf(json, refuse);
  const { added, model, unknown } = vocabulary;
  const size = sizeOf(vocabulary, added);
  const { words = size } = options;
  // Special tokens are not recognized in texts.
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
    attempt('Cannot create a tokenizer from this tokenizer.json', size, () => {
      return new HuggingFaceTokenizer(parts, { clean_up_tokenization_spaces: false, unk_token: unknown });
    });
  const writer = make({ ...content, added_tokens: [] });
  const reader = make({ ...content, normalizer: null, pre_tokenizer: null, added_tokens: added });

  const idOf = (token: SpecialToken): number => {
    const id = typeof token === 'number' ? token : reader.token_to_id(token);
    if (id !== undefined && id >= 0 && id < words && reader.id_to_token(id) !== undefined) return id;
    throw broken('The tokenizer lacks the start or end token of the model', { value: token });
  };
  const ids = { start: idOf(start), end: idOf(end) };
  const needed = sizeOf(vocabulary, plain);
  if (needed > words) throw broken(`The tokenizer has more tokens than the ${words} of the model`, { value: needed });
  const encodePiece = encoderOf(writer, model, plain);
  const { unk_token_id } = writer.model!;
  // Special tokens may also be in the model's vocabulary, so that ordinary text could be encoded as one.
  const forbidden = new Set(added.flatMap(({ id, special }) => (special && id !== unk_token_id ? [id] : [])));
  return {
    json,
    size,
    ...ids,
    encode(text, limit = Infinity) {
      const piece = text.slice(0, limit * CHARACTERS_PER_TOKEN);
      const all = attempt('The tokenizer cannot encode a text', piece.length, () => encodePiece(piece));
      if (all.includes(undefined)) {
        throw broken('The tokenizer has no token for part of a text', { value: piece.slice(0, 80) });
      }
      return (all as number[]).filter((id) => !forbidden.has(id)).slice(0, limit);
    },
    decode: (ids) =>
      ids.length === 0
        ? ''
        : attempt('The tokenizer cannot decode token ids', ids.length, () => reader.decode(ids as number[])),
  };
}

/** Encodes in the steps of the reference: added tokens, normalization, normalized added tokens, pre-tokenizer, model. */
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
      // Each normalizer may multiply the length, and there may be many.
      if (text.length > 1000 + 100 * given.length) throw new RangeError('The normalizer makes the text too long');
    }
    return text;
  };
  const isNormalized = ({ normalized: is, special }: ListedToken): boolean => is ?? !special;
  const findGiven = addedTokenFinder(added.filter((token) => !isNormalized(token)));
  const findNormalized = addedTokenFinder(
    added.filter(isNormalized).map((token) => ({ ...token, content: normalized(token.content) })),
  );
  const { tokens_to_ids, unk_token_id } = model!;
  // BPE without an unknown token drops unknown characters.
  const dropsUnknown = type === 'BPE' && unk_token_id === undefined && !byte_fallback && !end_of_word_suffix;
  const known = (piece: string): string =>
    dropsUnknown && !(ignore_merges && tokens_to_ids.has(piece))
      ? [...piece].filter((character) => tokens_to_ids.has(character)).join('')
      : piece;
  const idsOf = (text: string, isFirst: boolean): (number | undefined)[] => {
    const pieces: string[] = splitter ? splitter.pre_tokenize(text, { section_index: isFirst ? 0 : 1 }) : [text];
    // Piece by piece, so that unknown tokens are not merged across pieces.
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
