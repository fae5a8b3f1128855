import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { fileWith } from '../fixtures/files.ts';
import { storageOf, textOf } from './text.ts';

async function read(content: string | Uint8Array, encoding = 'utf-8', name = 'x.csv'): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of textOf(fileWith(name, content), encoding)) pieces.push(piece);
  return pieces.join('');
}

it.each([
  ['UTF-8 with a mark', Buffer.from('\ufeffäß'), 'utf-8'],
  ['UTF-8 with a mark, called something else', Buffer.from('\ufeffäß'), 'windows-1252'],
  ['UTF-16 with a mark', Buffer.from('\ufeffäß', 'utf16le'), 'utf-8'],
  ['UTF-16, big end first, with a mark', Buffer.from('\ufeffäß', 'utf16le').swap16(), 'utf-8'],
  ['UTF-16 without a mark', Buffer.from('äß', 'utf16le'), 'utf-16le'],
  ['Latin-1', Buffer.from('äß', 'latin1'), 'latin-1'],
  ['gzipped', gzipSync('äß'), 'utf-8'],
  ['gzipped UTF-16', gzipSync(Buffer.from('\ufeffäß', 'utf16le')), 'utf-8'],
])('reads %s', async (_, content, encoding) => {
  expect(await read(content, encoding)).toBe('äß');
});

it('tells windows-1252 from Latin-1, as browsers do', async () => {
  expect(await read(Buffer.of(0x80, 0x93), 'windows-1252')).toBe('€“');
});

it.each(['x.csv', 'X.CSV.GZ', 'x'])('knows what is gzipped by its content, not by the name %s', async (name) => {
  expect(await read(gzipSync('a,b'), 'utf-8', name)).toBe('a,b');
  expect(await read('a,b', 'utf-8', name)).toBe('a,b');
});

it('keeps characters whole over the pieces of a large file', async () => {
  const text = '€\u{1f600}x'.repeat(40_000);
  expect(await read(text)).toBe(text);
});

const many = 'u1,é,5\r\n'.repeat(30_000);

it.each([
  ['at once', [Buffer.of(0xe9, 0x2c)], 'utf-8', 1, ''],
  ['in a small file', [Buffer.from('a,b\nc,d\rx'), Buffer.of(0xe9, 0x2c)], 'utf-8', 3, 'x'],
  [
    'far inside a large file',
    [Buffer.from(`${many}abc`), Buffer.of(0xe9, 0x2c), Buffer.from(many)],
    'utf-8',
    30_001,
    'abc',
  ],
  ['after CRLF', [Buffer.from(many), Buffer.of(0xff)], 'utf-8', 30_001, ''],
  ['after CR', [Buffer.from('a\rb\r'), Buffer.of(0xff)], 'utf-8', 3, ''],
  ['cut at the end', [Buffer.from('a\nb'), Buffer.of(0xe2, 0x82)], 'utf-8', 2, 'b'],
  ['half a unit of UTF-16', [Buffer.from('\ufeffa\nb', 'utf16le'), Buffer.of(0x41)], 'utf-8', 2, 'b'],
])('names the line of wrong bytes: %s', async (_, parts, encoding, line, before) => {
  for (const content of [Buffer.concat(parts), gzipSync(Buffer.concat(parts))]) {
    const error = await read(content, encoding).catch((e) => e);
    expect(error).toMatchObject({ name: 'LeaError', code: 'E_ENCODING_BAD', value: before });
    expect(error.message).toContain(`x.csv line ${line}: `);
  }
});

it('refuses encodings that are none, and compressed files that are cut or damaged', async () => {
  await expect(read('a', 'latin-99')).rejects.toMatchObject({ code: 'E_OPTION_VALUE', value: 'latin-99' });
  const whole = gzipSync('a,b\n'.repeat(100));
  const damaged = Uint8Array.from(whole, (byte, at) => (at === whole.length - 6 ? byte ^ 1 : byte));
  for (const bad of [whole.subarray(0, 25), damaged]) {
    await expect(read(bad)).rejects.toMatchObject({ code: 'E_FILE_READ' });
  }
});

it('a file that cannot be opened is refused by name before its form is known', async () => {
  await expect(storageOf('nowhere.jsonl', 'utf-8')).rejects.toMatchObject({
    code: 'E_FILE_MISSING',
    value: 'nowhere.jsonl',
  });
});
