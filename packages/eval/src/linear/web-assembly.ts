/** What is used of WebAssembly: TypeScript types it with the browser only, whose other names have no business here. */
interface WebAssemblyParts {
  readonly Memory: new (descriptor: { readonly initial: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

/** Pages of 64 KiB. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** Every engine that runs modules of this language has it. */
export const wasm: WebAssemblyParts = (globalThis as unknown as { readonly WebAssembly: WebAssemblyParts }).WebAssembly;
