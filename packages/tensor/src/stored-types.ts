import type { Value } from './types.ts';
import { sizeOf } from './values.ts';

/** Supported element types of safetensors files, and their sizes in bytes. */
export const STORED_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  F32: 4,
  I64: 8,
  F64: 8,
} as const;

export type StoredType = keyof typeof STORED_BYTES;

export function isStoredType(dtype: string): dtype is StoredType {
  return Object.hasOwn(STORED_BYTES, dtype);
}

/** The bytes of a tensor, read in order: each call fills an array with the next ones. */
export interface Source {
  readonly read: (into: Uint8Array) => Promise<void>;
  readonly bytes: number;
}

/** Size in bytes of the buffer for conversions. */
const CHUNK = 2 ** 20;

/**
 * Decodes a tensor from its bytes (little endian).
 *
 * @param fail creates the error for numbers out of range
 */
export async function decode(
  dtype: StoredType,
  shape: readonly number[],
  source: Source,
  fail: (what: string) => Error,
): Promise<Value> {
  const size = sizeOf(shape);
  if (dtype === 'F32' || dtype === 'I32') {
    const data = dtype === 'F32' ? new Float32Array(size) : new Int32Array(size);
    await source.read(bytesOf(data));
    return { dtype: dtype === 'F32' ? 'float32' : 'int32', shape, data };
  }
  if (dtype === 'BOOL') {
    const data = new Uint8Array(size);
    await source.read(data);
    return { dtype: 'bool', shape, data: data.map((byte) => (byte ? 1 : 0)) };
  }
  const isFloat = dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
  const data = isFloat ? new Float32Array(size) : new Int32Array(size);
  const chunk = new ArrayBuffer(Math.min(CHUNK, source.bytes));
  const each = STORED_BYTES[dtype];
  for (let at = 0; at < size; at += chunk.byteLength / each) {
    const count = Math.min(chunk.byteLength / each, size - at);
    await source.read(new Uint8Array(chunk, 0, count * each));
    convert(dtype, chunk, data.subarray(at, at + count), fail);
  }
  return isFloat
    ? { dtype: 'float32', shape, data: data as Float32Array }
    : { dtype: 'int32', shape, data: data as Int32Array };
}

/** Stored types with a native typed array. */
const ARRAYS = { F64: Float64Array, U8: Uint8Array, I8: Int8Array, U16: Uint16Array, I16: Int16Array } as const;

/** Converts numbers of a stored type to the type of `into`. */
function convert(
  dtype: Exclude<StoredType, 'F32' | 'I32' | 'BOOL'>,
  from: ArrayBuffer,
  into: Float32Array | Int32Array,
  fail: (what: string) => Error,
): void {
  const size = into.length;
  if (dtype === 'BF16') {
    // The upper half of a float32.
    const words = new Uint16Array(from, 0, size);
    const whole = new Uint32Array(into.buffer, into.byteOffset, size);
    for (let i = 0; i < size; i++) whole[i] = words[i]! << 16;
  } else if (dtype === 'F16') {
    const words = new Uint16Array(from, 0, size);
    for (let i = 0; i < size; i++) into[i] = float16Value(words[i]!);
  } else if (dtype === 'I64') {
    const wide = new BigInt64Array(from, 0, size);
    for (let i = 0; i < size; i++) {
      into[i] = Number(wide[i]);
      if (BigInt(into[i]!) !== wide[i]) throw fail(`contains ${wide[i]}, which does not fit into 32 bits`);
    }
  } else into.set(new ARRAYS[dtype](from, 0, size));
}

/** All float16 numbers by their bits, computed at the first use. */
let halves: Float32Array | undefined;

/** The number with the 16 bits of a float16. */
export function float16Value(bits: number): number {
  halves ??= Float32Array.from({ length: 65536 }, (_, each) => half(each));
  return halves[bits]!;
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function bytesOf(data: Value['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
