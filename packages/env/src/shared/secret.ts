import { type Check, custom, LeaError } from '@lea/core';

/** Takes any value: `checkSecret` checks it, because errors must not show it. */
export const secret: Check<string> = custom(() => true, '');

/**
 * Checks that a key is valid in an HTTP header. `fetch` checks it too, but its error would contain the key.
 *
 * @throws LeaError `E_API_KEY`
 */
export function checkSecret(name: string, secret: string | undefined): void {
  if (secret === undefined || (typeof secret === 'string' && /^[\x21-\x7e]+$/.test(secret))) return;
  throw new LeaError(
    'E_API_KEY',
    `The ${name} is empty, or contains spaces or characters that are not allowed in HTTP headers.`,
    {
      hint: 'Often the cause is a trailing line break. Trim the value if it was read from a file.',
    },
  );
}

/** Maximum characters to show, and to search for secrets before shortening. */
const [SHOWN, READ] = [200, 10_000];

/** A server's response for an error message: on one line, without hidden characters and secrets, shortened. */
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
    // Nested too deeply.
    return 'a value that is nested too deeply';
  }
}

/** Finds a secret in plain form, in base64 (at any offset) and in hex, with any escaping. */
function formsOf(secret: string): RegExp {
  const edge = '[\\w+/-]{0,2}';
  const base64 = [0, 1, 2]
    .map((before) => base64Of(secret, before))
    .filter((piece) => piece.length >= 4)
    .map((piece) => `${edge}${escapedOf(piece)}${edge}(?:${escapedOf('=')}){0,2}`);
  const hex = Buffer.from(secret).toString('hex');
  return new RegExp([escapedOf(secret), ...base64, escapedOf(hex)].join('|'), 'gi');
}

/** Base64 of the secret after `before` other bytes, without the characters that depend on adjacent bytes. */
function base64Of(secret: string, before: number): string {
  const whole = Buffer.from('\0'.repeat(before) + secret).toString('base64');
  return whole.slice(Math.ceil((before * 4) / 3), Math.floor(((before + secret.length) * 4) / 3));
}

/** HTML entity names of characters that a key may contain. */
const ENTITIES: Readonly<Record<string, string>> = { '"': 'quot', '&': 'amp', "'": 'apos', '<': 'lt', '>': 'gt' };
/** Base64 characters that differ in the URL-safe alphabet. */
const PLAIN: Readonly<Record<string, string>> = { '+': '[+-]', '/': '[/_]' };

const BACKSLASHES = '(?:\\\\|%(?:25){0,8}5c){0,32}';

/**
 * A pattern for a text in which every character may be escaped for URLs, JSON or HTML, also in combination. All repetitions
 * are bounded, so that no text makes the search slow.
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
