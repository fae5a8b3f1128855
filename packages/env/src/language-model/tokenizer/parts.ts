import * as library from '@huggingface/tokenizers';
import type { LeaError } from '@lea/core';
import { bounded } from './bounded.ts';

/** Creates the error for an unusable tokenizer.json. */
export type Refuse = (what: string, value: unknown) => LeaError;

/** A component of a tokenizer.json: its `type` and its settings. */
export type Part = Readonly<Record<string, unknown>>;
type Rewrite = (part: Part, refuse: Refuse) => readonly Part[];

/**
 * Rewrites a tokenizer.json so that the JavaScript library `@huggingface/tokenizers` gives the same ids as the reference,
 * Hugging Face's `tokenizers`. The two differ in some components: these are expressed by components where the two agree,
 * or rejected by name.
 *
 * Patterns use the syntax of the reference (Oniguruma), where `\s` matches exactly the white space of Unicode.
 *
 * @param model result of {@link vocabularyOf}
 * @throws the error created by `refuse`
 */
export function equivalent(json: object, model: Part, refuse: Refuse): Part {
  const { normalizer, pre_tokenizer, decoder } = json as Part;
  checkModel(model, refuse);
  const splitters = partsOf('pre_tokenizer', pre_tokenizer, SPLITTERS, refuse);
  const later = splitters.findIndex(({ prepend_scheme }) => prepend_scheme === 'first');
  if (later > 0)
    throw refuse('A pre_tokenizer "Metaspace" with prepend_scheme "first" must come first', splitters[later]);
  const decoders = partsOf('decoder', decoder, DECODERS, refuse);
  const growth = decoders.reduce((product, { content = '' }) => product * Math.max(1, (content as string).length), 1);
  if (growth > LONGEST_CONTENT) throw refuse('The decoder makes texts too long', growth);
  const normalizers = partsOf('normalizer', normalizer, NORMALIZERS, refuse);
  return {
    model,
    normalizer: { type: 'Sequence', normalizers },
    pre_tokenizer: splitters.length > 0 ? { type: 'Sequence', pretokenizers: splitters } : null,
    decoder: decoders.length > 0 ? { type: 'Sequence', decoders } : null,
    // The caller adds the start and end tokens.
    post_processor: null,
  };
}

/** Maximum number of characters that a component inserts. */
const LONGEST_CONTENT = 1000;

function partsOf(
  name: string,
  given: unknown,
  known: Readonly<Record<string, Rewrite>>,
  refuse: Refuse,
): readonly Part[] {
  if (given === null || given === undefined) return [];
  const part = given as Part;
  const type = part.type as string;
  if (type === 'Sequence') {
    const parts = part[`${name.replace('_', '')}s`];
    if (!Array.isArray(parts)) throw refuse(`The ${name} "Sequence" has no list of components`, part);
    return parts.flatMap((each) => partsOf(name, each, known, refuse));
  }
  if (typeof type === 'string' && Object.hasOwn(known, type)) return known[type]!(part, refuse);
  throw refuse(`The ${name} is not supported (supported: Sequence, ${Object.keys(known).join(', ')})`, type ?? part);
}

const asItIs: Rewrite = (part) => [part];

/** Missing in the type declarations of the library. */
const { SplitPreTokenizer } = library as unknown as {
  SplitPreTokenizer: new (part: Part) => { readonly pattern: RegExp };
};

/** Any single character. */
const ANY = '(?:.|\\n)';
/** Punctuation as defined by the reference. */
const PUNCTUATION = '[\\p{P}!-/:-@\\[-`{-~]';
/** Word characters of the `regex` crate, for use in a character class. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200C}\\x{200D}';
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const CHINESE =
  '[\\x{4E00}-\\x{9FFF}\\x{3400}-\\x{4DBF}\\x{20000}-\\x{2A6DF}\\x{2A700}-\\x{2B73F}\\x{2B740}-\\x{2B81F}\\x{2B920}-\\x{2CEAF}\\x{F900}-\\x{FAFF}\\x{2F800}-\\x{2FA1F}]';

/** `content` may contain `$&` for the match. */
const replace = (source: string, content: string): Part => ({ type: 'Replace', pattern: { Regex: source }, content });

const lowercase: readonly Part[] = [
  // The reference lowercases letter by letter, without the special sigma at the end of a word.
  replace('Σ', 'σ'),
  { type: 'Lowercase' },
];

const replaceRewrite: Rewrite = (part, refuse) => [
  // The reference inserts the content literally.
  replace(matchOf(part, refuse), textOf(part, 'content', refuse).replaceAll('$', '$$$$')),
];

const NORMALIZERS: Readonly<Record<string, Rewrite>> = {
  NFC: asItIs,
  NFD: asItIs,
  NFKC: asItIs,
  NFKD: asItIs,
  StripAccents: asItIs,
  Lowercase: () => lowercase,
  Replace: replaceRewrite,
  Prepend: (part, refuse) => [replace(`\\A${ANY}`, `${textOf(part, 'prepend', refuse).replaceAll('$', '$$$$')}$&`)],
  Strip: ({ strip_left, strip_right }) => [
    ...(strip_left ? [replace('\\A\\s+', '')] : []),
    ...(strip_right ? [replace('(?<!\\s)\\s+\\z', '')] : []),
  ],
  BertNormalizer: ({ clean_text = true, handle_chinese_chars = true, lowercase: lower = true, strip_accents }) => [
    ...(clean_text
      ? [replace('[\\x{0}\\x{FFFD}]|(?![\\t\\n\\r])[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}]', ''), replace('\\s', ' ')]
      : []),
    ...(handle_chinese_chars ? [replace(CHINESE, ' $& ')] : []),
    ...((strip_accents ?? lower) ? [{ type: 'NFD' }, replace('\\p{Mn}', '')] : []),
    ...(lower ? lowercase : []),
  ],
};

const SPLITTERS: Readonly<Record<string, Rewrite>> = {
  ByteLevel: ({ add_prefix_space = true, use_regex = true }) => [
    ...(add_prefix_space ? [replace('\\A[^ ]', ' $&')] : []),
    ...(use_regex ? [found(GPT2)] : []),
    { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
  ],
  Whitespace: () => [found(`[${WORD}]+|[^${WORD}\\s]+`)],
  WhitespaceSplit: () => [found('\\S+')],
  BertPreTokenizer: () => [found('\\S+'), isolated(PUNCTUATION)],
  Digits: ({ individual_digits }) => [isolated(individual_digits ? '\\p{N}' : '\\p{N}+')],
  Punctuation: ({ behavior = 'Isolated' }, refuse) => split(PUNCTUATION, behavior, false, refuse),
  CharDelimiterSplit: (part, refuse) => split(escaped(textOf(part, 'delimiter', refuse)), 'Removed', false, refuse),
  FixedLength: ({ length }, refuse) => {
    if (Number.isSafeInteger(length) && (length as number) > 0) return [found(`${ANY}{1,${length}}`)];
    throw refuse('The length of the pre_tokenizer "FixedLength" must be a whole number above 0', length);
  },
  Split: (part, refuse) => {
    const { behavior, invert } = part;
    const source = behavior === 'Isolated' || behavior === 'Removed' ? sourceOf(part, refuse) : matchOf(part, refuse);
    return split(source, behavior, invert === true, refuse);
  },
  Metaspace: (part, refuse) => {
    const { replacement = '▁', add_prefix_space, split: splits = true } = part;
    const scheme = part.prepend_scheme ?? (add_prefix_space === false ? 'never' : 'always');
    if (!['always', 'first', 'never'].includes(scheme as string)) {
      throw refuse('The pre_tokenizer "Metaspace" has an unknown prepend_scheme', scheme);
    }
    if (typeof replacement !== 'string' || [...replacement].length !== 1) {
      throw refuse('The replacement of the pre_tokenizer "Metaspace" must be one character', replacement);
    }
    return [
      { type: 'Metaspace', replacement, prepend_scheme: scheme },
      ...(splits ? split(escaped(replacement), 'MergedWithNext', false, refuse) : []),
    ];
  },
};

const DECODERS: Readonly<Record<string, Rewrite>> = {
  ByteLevel: asItIs,
  WordPiece: asItIs,
  Metaspace: asItIs,
  BPEDecoder: asItIs,
  CTC: asItIs,
  Fuse: asItIs,
  Strip: asItIs,
  ByteFallback: asItIs,
  Replace: replaceRewrite,
};

/**
 * Whether the tokenizer takes linear time in the length of a text: it is a BPE model and has no regular expressions except
 * those of this file.
 */
export function isLinear({ normalizer, pre_tokenizer, decoder }: Part, model: Part): boolean {
  return model.type === 'BPE' && !JSON.stringify([normalizer, pre_tokenizer, decoder]).includes('"Regex"');
}

/** Splits into the matches and drops the rest. */
const found = (source: string): Part => ({
  type: 'Split',
  pattern: { Regex: source },
  behavior: 'Removed',
  invert: true,
});
/** Splits into the matches and the text between them. */
const isolated = (source: string): Part => ({ type: 'Split', pattern: { Regex: source }, behavior: 'Isolated' });

function split(source: string, behavior: unknown, inverted: boolean, refuse: Refuse): readonly Part[] {
  const between = `(?:(?!${source})${ANY})`;
  const withPrevious = found(`${between}*${source}|${between}+`);
  const withNext = found(`${source}${between}*|${between}+`);
  switch (behavior) {
    case 'Removed':
      return [inverted ? found(source) : { ...found(source), invert: false }];
    case 'Isolated':
      return [isolated(source)];
    case 'Contiguous':
      return [isolated(`${source}+`)];
    case 'MergedWithPrevious':
      return [inverted ? withNext : withPrevious];
    case 'MergedWithNext':
      return [inverted ? withPrevious : withNext];
    default:
      throw refuse('A pre_tokenizer has an unknown behavior', behavior);
  }
}

/** The pattern of a component as one non-capturing group, because captured text would be returned as extra pieces. */
function sourceOf({ type, pattern }: Part, refuse: Refuse): string {
  const { Regex: regex, String: text } = (pattern ?? {}) as Part;
  if (typeof text === 'string') return escaped(text);
  if (typeof regex !== 'string') throw refuse(`The component "${type}" has no pattern`, pattern);
  const plain = regex.replace(/\\.|\[(?:\\.|[^\]\\])*\]/gs, 'x');
  if (/\(\?>|[*+?]\+/.test(plain))
    throw refuse('Possessive quantifiers and atomic groups in patterns are not supported', regex);
  const source = regex.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)/gs, (piece) => (piece === '(' ? '(?:' : piece));
  patternOf(source, refuse);
  return `(?:${source})`;
}

/** {@link sourceOf} for a pattern that never matches the empty string. */
function matchOf(part: Part, refuse: Refuse): string {
  const source = sourceOf(part, refuse);
  const pattern = patternOf(source, refuse);
  const isEmpty = (): boolean => [...VARIED.matchAll(pattern)].some(([match]) => match === '');
  try {
    if (!bounded(2000, isEmpty)) return source;
  } catch (cause) {
    throw refuse(`A pattern takes too long to match (${(cause as Error).message})`, source);
  }
  throw refuse('A pattern that matches the empty string is not supported', source);
}

/** A test text with many kinds of letters, digits, spaces, marks and line breaks. */
const VARIED = ' aA1b2Cd  x_-.,;!?\'"(é)\n\n\t$日本ア مر 😀½²\u0301<a>{b}[c]/@#%&*+=|~^`\\z Z9 ';

function patternOf(source: string, refuse: Refuse): RegExp {
  try {
    return new SplitPreTokenizer(found(source)).pattern;
  } catch (cause) {
    throw refuse(`A pattern is not supported (${(cause as Error).message.slice(0, 100)})`, source);
  }
}

const escaped = (text: string): string => `(?:${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')})`;

function textOf(part: Part, name: string, refuse: Refuse): string {
  const value = part[name];
  if (typeof value === 'string' && value.length <= LONGEST_CONTENT) return value;
  throw refuse(`The "${name}" of a component must be a string of at most ${LONGEST_CONTENT} characters`, value);
}

function checkModel(model: Part, refuse: Refuse): void {
  const { type, dropout, continuing_subword_prefix: prefix, byte_fallback } = model;
  const not = (what: string, value: unknown): LeaError => refuse(`A ${type} model ${what} is not supported`, value);
  if (dropout) throw not('with BPE dropout', dropout);
  if (type === 'BPE' && prefix) throw not('with continuing_subword_prefix', prefix);
  if (type === 'Unigram' && byte_fallback) throw not('with byte_fallback', byte_fallback);
}
