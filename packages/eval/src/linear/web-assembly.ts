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

/** Available in every engine that runs this package. */
export const wasm: WebAssemblyParts = (globalThis as unknown as { readonly WebAssembly: WebAssemblyParts }).WebAssembly;
