import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quoted } from './secret.ts';

const KEY = 'sk-"very"+secret/\\0123456789&key<>';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const everyByte = (text: string, as: (hex: string, code: number) => string): string =>
  Array.from(Buffer.from(text), (code) => as(code.toString(16).padStart(2, '0'), code)).join('');

describe('a secret is blotted out', () => {
  test.each<[string, string]>([
    ['as it is', KEY],
    ['in other letters', KEY.toUpperCase()],
    ['in JSON', json(KEY)],
    ['in JSON in JSON', json(json(KEY))],
    ['in JSON in JSON in JSON', json(json(json(KEY)))],
    ['in JSON escapes', everyByte(KEY, (hex) => `\\u00${hex}`)],
    ['in escapes in JSON', json(everyByte(KEY, (hex) => `\\u00${hex.toUpperCase()}`))],
    ['in an address', encodeURIComponent(KEY)],
    ['in small letters in an address', encodeURIComponent(KEY).replace(/%../g, (code) => code.toLowerCase())],
    ['in an address in an address', encodeURIComponent(encodeURIComponent(KEY))],
    ['in JSON in an address', encodeURIComponent(json(KEY))],
    ['all of it percent-encoded', everyByte(KEY, (hex) => `%${hex}`)],
    ['in HTML', html(KEY)],
    ['in numbers of HTML', everyByte(KEY, (_, code) => `&#${code};`)],
    ['in base64', base64(KEY)],
    ['in base64 of addresses', Buffer.from(KEY).toString('base64url')],
    ['in base64 in an address', encodeURIComponent(base64(KEY))],
    ['in hex', Buffer.from(KEY).toString('hex')],
    ['in large hex', Buffer.from(KEY).toString('hex').toUpperCase()],
  ])('%s', (_, form) => expect(quoted(`bad key ${form} was sent`, KEY)).toBe('bad key *** was sent'));

  test('in base64, whatever is around it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const around = base64(before + KEY + after);
        // Of the first and the last byte a part may be in a letter of a neighbor.
        const bare = base64(KEY.slice(1, -1)).replace(/=/g, '').slice(2, -2);
        expect(quoted(around, KEY)).toContain('***');
        expect(Buffer.from(quoted(around, KEY), 'base64').toString()).not.toContain(KEY.slice(2, -2));
        expect(quoted(around, KEY)).not.toContain(bare);
      }),
    );
  });

  test.each(['\\', '%25', '&amp;', '&#0', base64(KEY).slice(0, 8), 'A'])(
    'a long text full of %s, with which forms of it begin',
    (some) => {
      const text = some.repeat(2 ** 17);
      expect(quoted(text, KEY)).toBe(text.slice(0, 200));
      expect(quoted(`${' '.repeat(2 ** 17)}${KEY}${text}`, KEY)).toBe(`***${text.slice(0, 197)}`);
    },
  );
});

test('what is quoted is one short line without hidden characters', () => {
  expect(quoted(' a\n\tb\u001b[31m\u0085 c\u202e\u200b ', undefined)).toBe('a b [31m c');
  expect(quoted('x'.repeat(500), 'key')).toBe('x'.repeat(200));
  expect(quoted({ a: 1 }, undefined)).toBe('{"a":1}');
  expect(quoted(undefined, undefined)).toBe('nothing');
});
