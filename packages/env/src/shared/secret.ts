import { LeaError } from '@lea/core';

/**
 * Refuses a key that no header may carry: `fetch` would do so as well, and show it.
 *
 * @throws LeaError `E_API_KEY`
 */
export function checkSecret(name: string, secret: string | undefined): void {
  if (secret === undefined || (typeof secret === 'string' && /^[\x21-\x7e]+$/.test(secret))) return;
  throw new LeaError('E_API_KEY', `The ${name} is empty or holds blanks or characters that no header may have.`, {
    hint: 'Often a line break at the end: trim what was read from a file.',
  });
}

/** Characters of a text that are shown, and those that are looked at, since what is blotted out may be long. */
const [SHOWN, READ] = [200, 10_000];

/** What a server said, for an error: on one line, without hidden characters, the secret blotted out, then shortened. */
export function quoted(said: unknown, secret: string | undefined): string {
  const text = typeof said === 'string' ? said : written(said);
  const line = text
    .replace(/\p{Cf}+/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, READ);
  return (secret ? line.replace(formsOf(secret), '***') : line).slice(0, SHOWN);
}

function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'nothing';
  } catch {
    // It is nested too deep.
    return 'something endless';
  }
}

/** Finds a secret as it is, in base64 (wherever it begins there) and in hex, escaped in whatever way. */
function formsOf(secret: string): RegExp {
  const edge = '[\\w+/-]{0,2}';
  const base64 = [0, 1, 2]
    .map((before) => base64Of(secret, before))
    .filter((piece) => piece.length >= 4)
    .map((piece) => `${edge}${escapedOf(piece)}${edge}(?:${escapedOf('=')}){0,2}`);
  const hex = Buffer.from(secret).toString('hex');
  return new RegExp([escapedOf(secret), ...base64, escapedOf(hex)].join('|'), 'gi');
}

/** Base64 of the secret behind so many other bytes, without the characters that its neighbors have a part in. */
function base64Of(secret: string, before: number): string {
  const whole = Buffer.from('\0'.repeat(before) + secret).toString('base64');
  return whole.slice(Math.ceil((before * 4) / 3), Math.floor(((before + secret.length) * 4) / 3));
}

/** The names that HTML has for characters of a key. */
const ENTITIES: Readonly<Record<string, string>> = { '"': 'quot', '&': 'amp', "'": 'apos', '<': 'lt', '>': 'gt' };
/** Characters of base64, and what they are in addresses. */
const PLAIN: Readonly<Record<string, string>> = { '+': '[+-]', '/': '[/_]' };

const BACKSLASHES = '(?:\\\\|%(?:25){0,8}5c){0,32}';

/**
 * A pattern for a text of which every character may be escaped: in an address, in JSON or in HTML, also within one
 * another. All repetitions are bounded: no text makes the search long.
 */
function escapedOf(text: string): string {
  const forms = Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    const hex = code.toString(16).padStart(2, '0');
    const plain = PLAIN[character] ?? `\\x${hex}`;
    const html = `&(?:amp;){0,8}(?:#0{0,6}${code}|#x0{0,6}${hex}|${ENTITIES[character] ?? '(?!)'});`;
    return `${BACKSLASHES}(?:${plain}|u00${hex}|%(?:25){0,8}${hex}|${html})`;
  });
  return forms.join('');
}
