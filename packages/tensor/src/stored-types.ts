import type { Value } from './types.ts';
import { sizeOf } from './values.ts';

/** Element types of safetensors files that can be read, and their sizes. */
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

/**
 * A tensor from its bytes.
 *
 * @param fail makes the error for numbers that do not fit
 */
export function decode(
  dtype: StoredType | string,
  shape: readonly number[],
  bytes: Uint8Array,
  fail: (what: string) => Error,
): Value {
  const stored = dtype as StoredType;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = sizeOf(shape);
  if (stored === 'BOOL') return { dtype: 'bool', shape, data: Uint8Array.from(bytes, (byte) => (byte ? 1 : 0)) };
  if (stored === 'F32') return { dtype: 'float32', shape, data: new Float32Array(new Uint8Array(bytes).buffer) };
  if (stored === 'I32') return { dtype: 'int32', shape, data: new Int32Array(new Uint8Array(bytes).buffer) };
  if (stored === 'F16' || stored === 'BF16' || stored === 'F64') {
    const read = { F16: half, BF16: brain, F64: (v: DataView, i: number) => v.getFloat64(i * 8, true) }[stored];
    return { dtype: 'float32', shape, data: Float32Array.from({ length: size }, (_, i) => read(view, i)) };
  }
  const data = Int32Array.from({ length: size }, (_, i) => {
    const value = integer(stored, view, i);
    if (value !== (value | 0)) throw fail(`holds ${value}, which is more than 32 bits`);
    return value;
  });
  return { dtype: 'int32', shape, data };
}

function integer(dtype: 'U8' | 'I8' | 'I16' | 'U16' | 'I64', view: DataView, i: number): number {
  switch (dtype) {
    case 'U8':
      return view.getUint8(i);
    case 'I8':
      return view.getInt8(i);
    case 'U16':
      return view.getUint16(i * 2, true);
    case 'I16':
      return view.getInt16(i * 2, true);
    case 'I64':
      return Number(view.getBigInt64(i * 8, true));
  }
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function brain(view: DataView, i: number): number {
  word.setUint32(0, view.getUint16(i * 2, true) << 16);
  return word.getFloat32(0);
}

function half(view: DataView, i: number): number {
  const bits = view.getUint16(i * 2, true);
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
