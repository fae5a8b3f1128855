import { LeaError } from '@lea/core';
import type { GgufArchitecture } from './config.ts';
import type { GgufFile } from './header.ts';

/** Token types of `tokenizer.ggml.token_type`. */
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

/** Pre-tokenizers by name. The pattern of GPT-2 is built into the byte-level pre-tokenizer; other models split first. */
const SPLITS = {
  'gpt-2': [{ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }],
  smollm: [
    { type: 'Digits', individual_digits: true },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  ],
  'llama-bpe': split(`\\p{N}{1,3}`),
  qwen2: split('\\p{N}'),
} as const;

type Split = keyof typeof SPLITS;

/** Other names of these pre-tokenizers. */
const ALIASES: Readonly<Record<string, Split>> = {
  'llama-v3': 'llama-bpe',
  llama3: 'llama-bpe',
  'smaug-bpe': 'llama-bpe',
};

/** Pre-tokenizers of older files, which do not name one. */
const UNNAMED: Partial<Record<GgufArchitecture, Split>> = { gpt2: 'gpt-2', qwen2: 'qwen2', qwen3: 'qwen2' };

function split(digits: string): readonly object[] {
  const pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" +
    `${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
  return [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  ];
}

/**
 * Converts the tokenizer of a GGUF file to a Hugging Face `tokenizer.json`: byte-level BPE (`gpt2`), or BPE over
 * SentencePiece pieces (`llama`), whose merges follow from their scores.
 *
 * @throws LeaError `E_TOKENIZER` if it is missing, damaged or not supported
 */
export function ggufTokenizer({ path, metadata }: GgufFile, architecture: GgufArchitecture): object {
  const refuse = (what: string, value: unknown, hint = 'Convert the model again.'): LeaError =>
    new LeaError('E_TOKENIZER', `${what} (${path}).`, { value: value ?? 'missing', hint });
  const tokens = metadata['tokenizer.ggml.tokens'];
  if (!isTexts(tokens)) throw refuse('The file does not contain a list of tokens', show(tokens));
  const types = metadata['tokenizer.ggml.token_type'];
  if (types !== undefined && !isNumbers(types, tokens.length)) throw refuse('Expected one type per token', show(types));
  const typeOf = (id: number): number => types?.[id] ?? NORMAL;
  const added = tokens.flatMap((content, id) => {
    const type = typeOf(id);
    if (type !== CONTROL && type !== USER_DEFINED) return [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...plain, special: type === CONTROL }];
  });
  const shared = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    post_processor: null,
  };
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const bpe = { type: 'BPE', dropout: null, continuing_subword_prefix: null, end_of_word_suffix: null };

  const kind = metadata['tokenizer.ggml.model'];
  if (kind === 'gpt2') {
    const merges = metadata['tokenizer.ggml.merges'];
    if (!isTexts(merges)) throw refuse('The file does not contain a list of merges', show(merges));
    const name = metadata['tokenizer.ggml.pre'] ?? UNNAMED[architecture];
    const known = typeof name === 'string' ? (ALIASES[name] ?? name) : undefined;
    if (known === undefined || !Object.hasOwn(SPLITS, known)) {
      const supported = [...Object.keys(SPLITS), ...Object.keys(ALIASES)].join(', ');
      throw refuse('The pre-tokenizer is not supported', name, `Supported: ${supported}.`);
    }
    return {
      ...shared,
      normalizer: known === 'qwen2' ? { type: 'NFC' } : null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: SPLITS[known as Split] },
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        ...bpe,
        unk_token: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: known === 'llama-bpe',
        vocab,
        merges: merges.map((merge) => pair(merge, refuse)),
      },
    };
  }
  if (kind !== 'llama') {
    throw refuse(
      'The tokenizer type is not supported',
      kind,
      'Supported: gpt2 (byte-level BPE) and llama (SentencePiece).',
    );
  }
  const scores = metadata['tokenizer.ggml.scores'];
  if (!isNumbers(scores, tokens.length)) throw refuse('Expected one score per token', show(scores));
  const unknown = metadata['tokenizer.ggml.unknown_token_id'] ?? 0;
  const hasPrefix = metadata['tokenizer.ggml.add_space_prefix'] !== false && !architecture.startsWith('gemma');
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const decoders = [
    { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    ...(hasPrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
  ];
  return {
    ...shared,
    normalizer: hasPrefix ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, replace] } : replace,
    pre_tokenizer: null,
    decoder: { type: 'Sequence', decoders },
    model: {
      ...bpe,
      unk_token: tokens[Number(unknown)] ?? null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab,
      merges: mergesOf(tokens, scores, (id) => typeOf(id) === NORMAL),
    },
  };
}

/**
 * Derives the merges from SentencePiece scores: all pairs of pieces whose concatenation is a piece, best score first.
 *
 * Source: `generate_merges` of Hugging Face's `transformers` (`convert_slow_tokenizer.py`).
 */
function mergesOf(
  tokens: readonly string[],
  scores: readonly number[],
  isPiece: (id: number) => boolean,
): [string, string][] {
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (isPiece(id)) ids.set(token, id);
  });
  const merges: { left: string; right: string; score: number; at: readonly [number, number] }[] = [];
  for (const [token, id] of ids) {
    const letters = [...token];
    const own: (typeof merges)[number][] = [];
    for (let i = 1; i < letters.length; i++) {
      const [left, right] = [letters.slice(0, i).join(''), letters.slice(i).join('')];
      const [l, r] = [ids.get(left), ids.get(right)];
      if (l !== undefined && r !== undefined) own.push({ left, right, score: scores[id]!, at: [l, r] });
    }
    merges.push(...own.sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]));
  }
  // The sort is stable, as in Python: equal scores stay in token order.
  merges.sort((a, b) => b.score - a.score);
  return merges.map(({ left, right }) => [left, right]);
}

/** Splits a merge at the space between its two pieces. In old files a piece may begin with a space. */
function pair(merge: string, refuse: (what: string, value: unknown) => LeaError): [string, string] {
  const at = merge.indexOf(' ', 1);
  if (at < 1 || at === merge.length - 1) throw refuse('A merge must consist of two pieces', merge);
  return [merge.slice(0, at), merge.slice(at + 1)];
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string');

const isNumbers = (value: unknown, length: number): value is number[] =>
  Array.isArray(value) && value.length === length && value.every((entry) => typeof entry === 'number');

/** Shortens lists for error messages. */
const show = (value: unknown): unknown => (Array.isArray(value) ? `a list of ${value.length}` : value);
