import { float16Value } from '@lea/tensor';

/** A storage format of GGUF files: each block holds `values` numbers in `bytes` bytes. */
export interface BlockType {
  /** Name of the format, such as `Q4_K`. */
  readonly name: string;
  /** Numbers per block. */
  readonly values: number;
  /** Bytes per block. */
  readonly bytes: number;
  /** Decodes the block at byte `at`; the result maps an index within the block to its number. */
  readonly block: (from: DataView, at: number) => (i: number) => number;
}

const { fround } = Math;

/** 4-bit numbers, two per byte; the lower halves come first. `fifth` holds a fifth bit for each number. */
function nibbles(from: DataView, at: number, fifth = 0): (i: number) => number {
  return (i) => ((from.getUint8(at + (i & 15)) >> (i < 16 ? 0 : 4)) & 15) | (((fifth >>> i) & 1) << 4);
}

/** Scale and minimum (6 bits each) of sub-block `j` of a block of 256 numbers. */
function scaleAndMinimum(from: DataView, at: number, j: number): [scale: number, minimum: number] {
  const q = (i: number): number => from.getUint8(at + i);
  return j < 4
    ? [q(j) & 63, q(j + 4) & 63]
    : [(q(j + 4) & 15) | ((q(j - 4) >> 6) << 4), (q(j + 4) >> 4) | ((q(j) >> 6) << 4)];
}

/** Q4_K, and Q5_K with 32 bytes of fifth bits: sub-blocks of 32 numbers, scale * q - minimum. */
function subBlocks(fifthBytes: number): BlockType['block'] {
  return (from, at) => {
    const [d, dMin] = [half(from, at), half(from, at + 2)];
    const scales = Array.from({ length: 8 }, (_, j) => {
      const [scale, minimum] = scaleAndMinimum(from, at + 4, j);
      return [fround(d * scale), fround(dMin * minimum)] as const;
    });
    const [fifths, fours] = [at + 16, at + 16 + fifthBytes];
    return (i) => {
      const [j, l] = [i >> 5, i & 31];
      const [scale, minimum] = scales[j]!;
      const four = (from.getUint8(fours + (j >> 1) * 32 + l) >> (4 * (j & 1))) & 15;
      const fifth = fifthBytes ? ((from.getUint8(fifths + l) >> j) & 1) << 4 : 0;
      return fround(scale * (four | fifth)) - minimum;
    };
  };
}

const TYPES: readonly (BlockType & { readonly id: number })[] = [
  { id: 0, name: 'F32', values: 1, bytes: 4, block: (from, at) => () => from.getFloat32(at, true) },
  { id: 1, name: 'F16', values: 1, bytes: 2, block: (from, at) => () => half(from, at) },
  {
    id: 2,
    name: 'Q4_0',
    values: 32,
    bytes: 18,
    block: (from, at) => {
      const [d, q] = [half(from, at), nibbles(from, at + 2)];
      return (i) => d * (q(i) - 8);
    },
  },
  {
    id: 3,
    name: 'Q4_1',
    values: 32,
    bytes: 20,
    block: (from, at) => {
      const [d, m, q] = [half(from, at), half(from, at + 2), nibbles(from, at + 4)];
      return (i) => fround(d * q(i)) + m;
    },
  },
  {
    id: 6,
    name: 'Q5_0',
    values: 32,
    bytes: 22,
    block: (from, at) => {
      const [d, q] = [half(from, at), nibbles(from, at + 6, from.getUint32(at + 2, true))];
      return (i) => d * (q(i) - 16);
    },
  },
  {
    id: 7,
    name: 'Q5_1',
    values: 32,
    bytes: 24,
    block: (from, at) => {
      const [d, m, q] = [half(from, at), half(from, at + 2), nibbles(from, at + 8, from.getUint32(at + 4, true))];
      return (i) => fround(d * q(i)) + m;
    },
  },
  {
    id: 8,
    name: 'Q8_0',
    values: 32,
    bytes: 34,
    block: (from, at) => {
      const d = half(from, at);
      return (i) => d * from.getInt8(at + 2 + i);
    },
  },
  { id: 12, name: 'Q4_K', values: 256, bytes: 144, block: subBlocks(0) },
  { id: 13, name: 'Q5_K', values: 256, bytes: 176, block: subBlocks(32) },
  {
    id: 14,
    name: 'Q6_K',
    values: 256,
    bytes: 210,
    block: (from, at) => {
      const d = half(from, at + 208);
      return (i) => {
        const [part, row, l] = [i >> 7, (i >> 5) & 3, i & 31];
        const four = (from.getUint8(at + part * 64 + (row & 1) * 32 + l) >> (row < 2 ? 0 : 4)) & 15;
        const two = (from.getUint8(at + 128 + part * 32 + l) >> (2 * row)) & 3;
        return fround(d * from.getInt8(at + 192 + (i >> 4))) * ((four | (two << 4)) - 32);
      };
    },
  },
  { id: 30, name: 'BF16', values: 1, bytes: 2, block: (from, at) => () => upperHalf(from.getUint16(at, true)) },
];

/**
 * The supported storage formats of GGUF files by their id in the file.
 *
 * Source: the block layouts of ggml (`ggml-common.h`) and its reference conversions (`ggml-quants.c`).
 */
export const BLOCK_TYPES: ReadonlyMap<number, BlockType> = new Map(TYPES.map((type) => [type.id, type]));

/** Converts blocks from the start of `from` until `into` is full. */
export function readBlocks({ values, bytes, block }: BlockType, from: DataView, into: Float32Array): void {
  for (let at = 0, byte = 0; at < into.length; at += values, byte += bytes) {
    const number = block(from, byte);
    for (let i = 0; i < values; i++) into[at + i] = number(i);
  }
}

const word = new DataView(new ArrayBuffer(4));

/** Decodes a bfloat16, which is the upper half of a float32. */
function upperHalf(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** Decodes the float16 at a byte offset. */
const half = (from: DataView, at: number): number => float16Value(from.getUint16(at, true));
