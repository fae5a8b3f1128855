import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tokenizerFrom } from '../tokenizer.ts';

interface Parts {
  readonly texts: readonly string[];
  readonly bases: Readonly<Record<string, { readonly model: object }>>;
  /** Name of a base, and what is different. */
  readonly tokenizers: Readonly<Record<string, readonly [string, { readonly model?: object }]>>;
  /** By Hugging Face's `tokenizers`, special tokens not looked for: python/tests/tokenizer_ids.py. */
  readonly ids: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const parts = JSON.parse(readFileSync(new URL('../fixtures/tokenizers/parts.json', import.meta.url), 'utf8')) as Parts;

test.each(Object.entries(parts.tokenizers))('%s: ids are those of the reference', (name, [base, different]) => {
  const json = { ...parts.bases[base], ...different };
  const tokenizer = tokenizerFrom({ ...json, model: { ...parts.bases[base]!.model, ...different.model } });
  const ours = parts.texts.map((text) => [text, tokenizer.encode(text)]);
  // Start and end cannot be forged by a piece that looks like them.
  const theirs = parts.texts.map((text, i) => [text, parts.ids[name]![i]!.filter((id) => id > 1)]);
  expect(ours).toEqual(theirs);
});

test('words and marks of the pre_tokenizer "Whitespace", in texts of many scripts', () => {
  const read = (file: string): string =>
    readFileSync(new URL(`../fixtures/models/bpe-whitespace/${file}`, import.meta.url), 'utf8');
  const tokenizer = tokenizerFrom(JSON.parse(read('tokenizer.json')) as object);
  const reference = JSON.parse(read('reference.json')) as { text: string; ids: number[] }[];
  // There, special tokens were looked for.
  const others = reference.filter(({ text }) => text !== '<s>hello</s>');
  expect(others).toHaveLength(41);
  expect(others.map(({ text }) => [text, tokenizer.encode(text)])).toEqual(others.map(({ text, ids }) => [text, ids]));
});
