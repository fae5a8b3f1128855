import { LeaError } from './error.ts';
import { sha256 } from './sha256.ts';

/**
 * JSON with sorted keys and without `undefined`, so equal values give equal texts and different values give different
 * texts.
 *
 * @throws LeaError `E_JSON_VALUE` for values that JSON would write as `null` (NaN, Infinity, `undefined` in an array)
 *   and for bigints
 */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, function (this: unknown, name, v: unknown) {
    const lost =
      typeof v === 'number' ? !Number.isFinite(v) : typeof v === 'bigint' || (Array.isArray(this) && isAbsent(v));
    if (lost) {
      throw new LeaError('E_JSON_VALUE', `JSON cannot represent this value${name && `, at ${name}`}.`, {
        value: v,
        hint: 'Use a finite number, or leave the field out.',
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

/** SHA-256 (hex) over typed arrays (their bytes) and plain values (their stable JSON), in order. */
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
