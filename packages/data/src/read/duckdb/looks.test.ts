import { gzipSync } from 'node:zlib';
import { parseOptions } from '@lea/core';
import { describe, expect, it } from 'vitest';
import { fileWith } from '../../fixtures/files.ts';
import { fileSchema } from '../table.ts';
import { looksOf } from './looks.ts';
import { errorOf } from './testing.ts';

/** Files are read in pieces of this many bytes. */
const PIECE = 2 ** 20;

const head = 'user,item,timestamp\n';

/** A file whose first piece ends `before` bytes into this text. */
const across = (text: string, before: number, end = '\n') => {
  const row = `7,8,9${end}`;
  const start = head.replace('\n', end);
  const filled = start + row.repeat(Math.floor((PIECE - before - start.length) / row.length) - 1);
  const last = `7,8,${'9'.repeat(PIECE - before - filled.length - 4 - end.length)}${end}`;
  return `${filled}${last}${text}${row}`;
};

function looks(content: string | Uint8Array, options: object = {}, encoding = 'utf-8') {
  const file = parseOptions('looksOf', fileSchema, { encoding, ...options });
  const choose = () => ({ user: 'user', item: 'item', time: 'timestamp' });
  const reading = { file, choose, folder: '', between: () => {} };
  return looksOf(
    fileWith('x.csv', content),
    reading,
    { where: 'x.csv', header: ['user', 'item', 'timestamp'] },
    encoding,
  );
}

const plain = { careful: false, mixed: false, repeats: false };

describe.each([1, 2, 3, 4, 5])('a look at a file that is cut %i bytes into what is sought', (before) => {
  it('finds nothing in plain rows', async () => {
    expect(await looks(across('a,b,1\n', before))).toEqual(plain);
    expect(await looks(across('a,b,1\r\n', before, '\r\n'))).toEqual(plain);
    expect(await looks(across('ä,ü,1\n', before))).toEqual(plain);
  });

  it.each([
    ['an empty last cell', 'a,b,\n', '\n'],
    ['an empty last cell before CRLF', 'a,b,\r\n', '\r\n'],
    ['a quote', 'a,"b",1\n', '\n'],
    ['NUL', 'a,b\0,1\n', '\n'],
  ])('finds %s', async (_, text, end) => {
    expect(await looks(across(text, before, end))).toEqual({ ...plain, careful: true });
  });

  it('finds other line ends', async () => {
    expect(await looks(across('a,b,1\r\n', before))).toEqual({ ...plain, mixed: true });
    expect(await looks(across('a,b,1\n', before, '\r\n'))).toEqual({ ...plain, mixed: true });
    expect(await looks(across('a,b,1\rc,d,2\n', before))).toEqual({ ...plain, mixed: true });
  });

  it('finds the header again', async () => {
    expect(await looks(across(head, before))).toEqual({ ...plain, repeats: true });
  });
});

it('a last cell without a line end is empty', async () => {
  expect(await looks('user,item,timestamp\na,b,')).toEqual({ ...plain, careful: true });
});

it('the header is again in any row if it is an option', async () => {
  const header = ['user', 'item', 'timestamp'];
  expect(await looks('a,b,1\n', { header })).toEqual(plain);
  expect(await looks(head, { header })).toEqual({ ...plain, repeats: true });
});

it('marks are found in compressed files and in other encodings', async () => {
  expect(await looks(gzipSync(across('a,"b",1\n', 3)))).toEqual({ ...plain, careful: true });
  expect(await looks(Buffer.from(across('a,"b",1\n', 3), 'utf16le'), {}, 'utf-16le')).toEqual({
    ...plain,
    careful: true,
  });
  expect(await looks(Buffer.from(across('a,ä,1\n', 3), 'utf16le'), {}, 'utf-16le')).toEqual(plain);
});

it('lines that DuckDB refuses, and files that end lines with CR, are left to our reader', async () => {
  expect(await looks(`${head}a,${'b'.repeat(2_000_001)},1\n`)).toEqual({ ...plain, careful: true });
  expect(await looks('user,item,timestamp\ra,b,1\r')).toEqual(plain);
  expect(await looks(`user,item,timestamp\r${'a,b,1\r'.repeat(400_000)}`)).toEqual({ ...plain, careful: true });
});

it('bytes that are not UTF-8 are refused with their line', async () => {
  const text = Buffer.from(across('a,b,1\n', 3));
  text[text.lastIndexOf('b')] = 0xe4;
  const error = await errorOf(looks(text));
  expect(error.code).toBe('E_ENCODING_BAD');
  expect(error.message).toContain(`line ${text.toString('latin1').split('\n').length - 2}`);
});
