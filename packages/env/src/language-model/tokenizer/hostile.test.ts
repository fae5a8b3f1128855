import { LeaError } from '@lea/core';
import { describe, expect, test } from 'vitest';
import { letterTokenizer } from '../../testing.ts';
import { type Tokenizer, tokenizerFrom } from '../tokenizer.ts';

interface Content {
  [part: string]: unknown;
  added_tokens: object[];
  model: { vocab: Record<string, unknown>; merges: unknown[] } & Record<string, unknown>;
}

/** The tokenizer of letters with another content. */
function changed(change: (json: Content) => void): Tokenizer {
  const json = letterTokenizer() as Content;
  change(json);
  return tokenizerFrom(json);
}

const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'E_TOKENIZER', message: expect.stringMatching(message) });
const word = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };

describe('a vocabulary that is none', () => {
  test.each<[string, (json: Content) => void, RegExp]>([
    ['an added token with id -1', (j) => j.added_tokens.push({ ...word, id: -1, content: '<x>' }), /added token.*-1/],
    ['an added token without content', (j) => j.added_tokens.push({ ...word, id: 92 }), /added token must have/],
    ['an added token that is no object', (j) => j.added_tokens.push(null as never), /added token must have/],
    [
      'an added token with a hole before it',
      (j) => j.added_tokens.push({ ...word, id: 95, content: '<x>' }),
      /"<x>" must be 92.*95/,
    ],
    [
      'an added token with the id of another',
      (j) => j.added_tokens.push({ ...word, id: 68, content: '<x>' }),
      /"<x>" must be 92.*68/,
    ],
    [
      'an added token with another id than in the vocabulary',
      (j) => j.added_tokens.push({ ...word, id: 92, content: 'a' }),
      /"a" must be 68.*92/,
    ],
    [
      'an added token twice, with two ids',
      (j) => j.added_tokens.push({ ...word, id: 92, content: '<x>' }, { ...word, id: 93, content: '<x>' }),
      /"<x>" must be 92.*93/,
    ],
    [
      'added tokens that are no list',
      (j) => Object.assign(j, { added_tokens: { 0: 'a' } }),
      /added tokens must be an array/,
    ],
    ['two tokens of one id', (j) => Object.assign(j.model.vocab, { ab: 68 }), /same id, 68.*"a","ab"/],
    ['an id below 0', (j) => Object.assign(j.model.vocab, { a: -1 }), /"a" is not valid.*-1/],
    ['a huge id', (j) => Object.assign(j.model.vocab, { a: 4e9 }), /"a" is not valid.*4000000000/],
    ['no vocabulary', (j) => delete (j.model as { vocab?: unknown }).vocab, /no vocabulary.*missing/],
    ['a merge of an unknown piece', (j) => j.model.merges.push(['a', 'é']), /merge contains a piece.*"é"/],
    ['a merge into an unknown piece', (j) => j.model.merges.push('a b'), /merge contains a piece.*"ab"/],
    ['a merge of three', (j) => j.model.merges.push('a b c'), /merge must consist of two pieces.*"a b c"/],
    ['a merge of numbers', (j) => j.model.merges.push([1, 2]), /merge must consist of two pieces/],
    ['no merges', (j) => delete (j.model as { merges?: unknown }).merges, /merges must be an array/],
    [
      'a token for the unknown that is unknown',
      (j) => Object.assign(j.model, { unk_token: '<no>' }),
      /unknown token is not.*"<no>"/,
    ],
    [
      'an unknown kind of model',
      (j) => Object.assign(j.model, { type: 'Markov' }),
      /model is not supported.*BPE.*"Markov"/,
    ],
    ['merges dropped by chance', (j) => Object.assign(j.model, { dropout: 0.1 }), /BPE dropout is not supported.*0.1/],
    ['prefixes of continued words', (j) => Object.assign(j.model, { continuing_subword_prefix: '##' }), /prefix.*"##"/],
    [
      'pieces without scores',
      (j) => Object.assign(j, { model: { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ['<s>']] } }),
      /string with a score.*"<s>"/,
    ],
    [
      'Unigram that falls back on bytes',
      (j) =>
        Object.assign(j, {
          model: {
            type: 'Unigram',
            unk_id: 0,
            byte_fallback: true,
            vocab: [
              ['<unk>', 0],
              ['<s>', 0],
              ['</s>', 0],
            ],
          },
        }),
      /byte_fallback/,
    ],
  ])('%s', (_, change, message) => {
    expect(() => changed(change)).toThrow(refused(message));
  });

  test('with holes is one: ids are as they are', () => {
    const tokenizer = changed((json) => Object.assign(json.model.vocab, { é: 200 }));
    expect([tokenizer.size, tokenizer.encode('aé')]).toEqual([201, [68, 200]]);
  });
});

describe('parts that are not computed are refused by name', () => {
  test.each<[string, string, unknown]>([
    ['normalizer', 'Precompiled', { precompiled_charsmap: '' }],
    ['normalizer', 'Nmt', {}],
    ['normalizer', 'ByteLevel', {}],
    ['normalizer', 'constructor', {}],
    ['pre_tokenizer', 'UnicodeScripts', {}],
    ['pre_tokenizer', 'Lattice', {}],
    ['decoder', 'Morse', {}],
  ])('%s %s', (part, type, more) => {
    const given = { ...(more as object), type };
    expect(() => changed((json) => Object.assign(json, { [part]: given }))).toThrow(
      refused(new RegExp(`${part}.*"${type}"`)),
    );
    const list = { normalizer: 'normalizers', pre_tokenizer: 'pretokenizers', decoder: 'decoders' }[part]!;
    const sequence = { type: 'Sequence', [list]: [given] };
    expect(() => changed((json) => Object.assign(json, { [part]: sequence }))).toThrow(
      refused(new RegExp(`${part}.*"${type}"`)),
    );
  });

  test.each<[string, object, RegExp]>([
    ['an unknown behavior', { type: 'Split', pattern: { String: 'a' }, behavior: 'Shuffled' }, /behavior.*"Shuffled"/],
    ['no pattern', { type: 'Split', behavior: 'Isolated' }, /no pattern/],
    ['a replacement of two characters', { type: 'Metaspace', replacement: '__' }, /one character.*"__"/],
    ['a length of 0', { type: 'FixedLength', length: 0 }, /above 0/],
    [
      'a first word that may not be the first',
      {
        type: 'Sequence',
        pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Metaspace', prepend_scheme: 'first' }],
      },
      /must come first/,
    ],
  ])('%s', (_, pre_tokenizer, message) => {
    expect(() => changed((json) => Object.assign(json, { pre_tokenizer }))).toThrow(refused(message));
  });

  test.each([
    ['(?>a)b', /Possessive/],
    ['a++b', /Possessive/],
    ['(a', /not supported \(.*Unterminated group/],
    ['(a)\\1', /not supported \(/],
    ['[[:no:]]', /not supported \(.*POSIX/],
    ['['.repeat(1000), /not supported \(.*nesting/],
    ['a*', /matches the empty string/],
    ['(?=[A-Z])', /matches the empty string/],
    ['', /matches the empty string/],
  ])('the pattern %s', (regex, message) => {
    const pre_tokenizer = { type: 'Split', pattern: { Regex: regex }, behavior: 'MergedWithPrevious', invert: false };
    expect(() => changed((json) => Object.assign(json, { pre_tokenizer }))).toThrow(refused(message));
    const normalizer = { type: 'Replace', pattern: { Regex: regex }, content: '' };
    expect(() => changed((json) => Object.assign(json, { normalizer }))).toThrow(refused(message));
  });
});

describe('nothing takes for ever', () => {
  test.each<[string, object]>([
    ['(a+)+$', { normalizer: { type: 'Replace', content: '' } }],
    ['(a+)+$', { pre_tokenizer: { type: 'Split', behavior: 'Isolated', invert: false } }],
    ['(a|aa)+$', { pre_tokenizer: { type: 'Split', behavior: 'MergedWithPrevious', invert: true } }],
  ])('the pattern %s in %j', { timeout: 60_000 }, (regex, part) => {
    const json = letterTokenizer() as Content;
    for (const [name, content] of Object.entries(part)) json[name] = { ...content, pattern: { Regex: regex } };
    const tokenizer = tokenizerFrom(json);
    expect(tokenizer.encode('steel nut')).toHaveLength(9);
    expect(() => tokenizer.encode(`${'a'.repeat(40)}b`)).toThrow(refused(/takes too long/));
  });

  test('a normalizer and a decoder that double a text again and again', () => {
    const twice = Array.from({ length: 60 }, () => ({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' }));
    const normalizer = { type: 'Sequence', normalizers: twice };
    const tokenizer = changed((json) => Object.assign(json, { normalizer }));
    expect(tokenizer.encode('b')).toEqual([69]);
    expect(() => tokenizer.encode('a')).toThrow(refused(/too long/));
    const decoder = { type: 'Sequence', decoders: twice };
    expect(() => changed((json) => Object.assign(json, { decoder }))).toThrow(refused(/too long/));
  });

  test.each(['normalizer', 'pre_tokenizer', 'decoder', 'model', 'added_tokens', 'anything'])(
    '200,000 levels in %s',
    (part) => {
      const deep: unknown = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));
      expect(() => changed((json) => Object.assign(json, { [part]: deep }))).toThrow(LeaError);
      expect(() => changed((json) => Object.assign(json, { [part]: deep }))).toThrow(refused(/more than 100 levels/));
    },
  );
});
