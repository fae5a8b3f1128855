/** The parts of WebAssembly that are used: TypeScript declares it only in its DOM library, which does not belong here. */
interface WebAssemblyParts {
  readonly Memory: new (descriptor: { readonly initial: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

/** A WebAssembly memory, in pages of 64 KiB. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** Bytes of a page. */
const PAGE = 2 ** 16;

/** Numbers in single precision that the largest memory holds. */
export const MOST_FLOATS: number = 2 ** 30;

/** Available in every engine that runs this package. */
export const wasm: WebAssemblyParts = (globalThis as unknown as { readonly WebAssembly: WebAssemblyParts }).WebAssembly;

/** Arrays of zeros in one memory, in the order of their lengths. */
export function floatArrays(lengths: readonly number[]): { memory: WasmMemory; arrays: Float32Array[] } {
  const bytes = 4 * lengths.reduce((sum, length) => sum + length, 0);
  const memory = new wasm.Memory({ initial: Math.ceil(bytes / PAGE) });
  let start = 0;
  const arrays = lengths.map((length) => {
    const part = new Float32Array(memory.buffer, start, length);
    start += 4 * length;
    return part;
  });
  return { memory, arrays };
}
