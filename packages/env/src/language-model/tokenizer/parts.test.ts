import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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

const path = fileURLToPath(new URL('../../fixtures/tokenizers/parts.json', import.meta.url));
const parts = JSON.parse(readFileSync(path, 'utf8')) as Parts;

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
    readFileSync(new URL(`../../fixtures/models/bpe-whitespace/${file}`, import.meta.url), 'utf8');
  const tokenizer = tokenizerFrom(JSON.parse(read('tokenizer.json')) as object);
  const reference = JSON.parse(read('reference.json')) as { text: string; ids: number[] }[];
  // There, special tokens were looked for.
  const others = reference.filter(({ text }) => text !== '<s>hello</s>');
  expect(others).toHaveLength(41);
  expect(others.map(({ text }) => [text, tokenizer.encode(text)])).toEqual(others.map(({ text, ids }) => [text, ids]));
});

test.skipIf(!process.env.LEA_PYTHON)(
  'the ids of the fixture are those of the reference (LEA_PYTHON names a Python that has tokenizers)',
  async () => {
    const script = fileURLToPath(new URL('../../../python/tests/tokenizer_ids.py', import.meta.url));
    const options = { timeout: 100_000, maxBuffer: 2 ** 26 };
    const { stdout } = await promisify(execFile)(process.env.LEA_PYTHON!, [script, path], options);
    expect(JSON.parse(stdout)).toEqual(parts.ids);
  },
);
