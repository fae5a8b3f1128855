import { type WasmMemory, wasm } from './web-assembly.ts';

/** Rows and columns of a tile. */
export const TILE = { rows: 4, columns: 8 } as const;

/**
 * C -= U^T V for one tile in single precision. Addresses are in bytes; C has rows of `stride` bytes, U `[depth, 4]` and V
 * `[depth, 8]` are packed.
 */
export type TileKernel = (c: number, u: number, v: number, depth: number, stride: number) => void;

/**
 * Creates the kernel for a memory. It is eight times as fast as loops over typed arrays, because only WebAssembly can use the
 * vector registers. Assembling it here avoids a build step and a binary. It uses no fused multiply-add, so every machine
 * computes the same bits.
 */
export function tileKernel(memory: WasmMemory): TileKernel {
  const instance = new wasm.Instance(new wasm.Module(moduleBytes()), { '': { '': memory } });
  return instance.exports[''] as TileKernel;
}

const I32 = 0x7f;
const V128 = 0x7b;
const LOOP = [0x03, 0x40];
const END = 0x0b;
const BR_IF = [0x0d, 0];
const I32_ADD = 0x6a;
const ADD = [0xfd, 0xe4, 1];
const SUB = [0xfd, 0xe5, 1];
const MUL = [0xfd, 0xe6, 1];

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const constant = (value: number): number[] => [0x41, value & 0x7f];
const load = (offset: number): number[] => [0xfd, 0x00, 2, offset];
const loadSplat = (offset: number): number[] => [0xfd, 0x09, 2, offset];
const store = (offset: number): number[] => [0xfd, 0x0b, 2, offset];
/** `local += value`, -64 to 63. */
const step = (local: number, value: number): number[] => [...get(local), ...constant(value), I32_ADD, ...set(local)];

const [C, U, V, DEPTH, STRIDE] = [0, 1, 2, 3, 4];
const SPLAT = 5;
const HALVES = [6, 7];
/** The sums of a row of the tile, one vector for each half. */
const sums = (row: number): number[] => [8 + 2 * row, 9 + 2 * row];
const ROWS = Array.from({ length: TILE.rows }, (_, row) => row);

const body = [
  ...LOOP,
  ...HALVES.flatMap((half, h) => [...get(V), ...load(16 * h), ...set(half)]),
  ...ROWS.flatMap((row) => [
    ...[...get(U), ...loadSplat(4 * row), ...set(SPLAT)],
    ...sums(row).flatMap((sum, h) => [...get(sum), ...get(SPLAT), ...get(HALVES[h]!), ...MUL, ...ADD, ...set(sum)]),
  ]),
  ...step(U, 16),
  ...step(V, 32),
  ...step(DEPTH, -1),
  ...[...get(DEPTH), ...BR_IF, END],
  ...ROWS.flatMap((row) => [
    ...sums(row).flatMap((sum, h) => [...get(C), ...get(C), ...load(16 * h), ...get(sum), ...SUB, ...store(16 * h)]),
    ...[...get(C), ...get(STRIDE), I32_ADD, ...set(C)],
  ]),
  END,
];

/** WebAssembly core specification 2.0, chapter 5: the binary format. */
function moduleBytes(): Uint8Array {
  const locals = [1, HALVES.length + 1 + 2 * TILE.rows, V128];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]),
    ...section(2, [1, 0, 0, 2, 0, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, 0, 0, 0]),
    ...section(10, [1, ...sized([...locals, ...body])]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

/** The content, preceded by its length in LEB128. */
function sized(content: readonly number[]): number[] {
  const { length } = content;
  return [...(length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]), ...content];
}
