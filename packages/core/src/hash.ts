import { LeaError } from './error.ts';
import { sha256 } from './sha256.ts';

/**
 * JSON with sorted keys and without `undefined`: equal values give equal text, and different ones different texts.
 *
 * @throws LeaError `E_JSON_VALUE` for what JSON would write as `null`: NaN, Infinity, and `undefined` in a list; and for
 *   what it cannot write at all: bigints
 */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, function (this: unknown, name, v: unknown) {
    const lost =
      typeof v === 'number' ? !Number.isFinite(v) : typeof v === 'bigint' || (Array.isArray(this) && isAbsent(v));
    if (lost) {
      throw new LeaError('E_JSON_VALUE', `JSON has no such value${name && `, at ${name}`}.`, {
        value: v,
        hint: 'Give a finite number, or leave it out.',
      });
    }
    return v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v;
  });
}

function isAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

/** SHA-256, hex, of typed arrays (their bytes) and plain values (their stable JSON), in order. */
export function contentHash(...parts: readonly unknown[]): string {
  const hash = sha256();
  const utf8 = new TextEncoder();
  for (const part of parts) {
    if (ArrayBuffer.isView(part)) {
      hash.update(utf8.encode(`bytes:${part.constructor.name}:${part.byteLength}:`));
      hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    } else {
      const text = stableJson(part) ?? 'undefined';
      hash.update(utf8.encode(`json:${text.length}:${text}`));
    }
  }
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
