import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import * as vite from 'vite';

const wasm = 'ort-wasm-simd-threaded.wasm';
const page = join(import.meta.dirname, 'page');

/** Bundles the page into a folder, with the packages as they are published. */
export const bundlers: Record<string, (folder: string) => Promise<unknown>> = {
  vite: (folder) =>
    vite.build({
      configFile: false,
      logLevel: 'error',
      root: page,
      base: './',
      build: { outDir: folder, target: 'es2022' },
    }),
  esbuild: async (folder) => {
    await withEsbuild(join(page, 'page.ts'), folder);
    const html = await readFile(join(page, 'index.html'), 'utf8');
    await writeFile(join(folder, 'index.html'), html.replace('page.ts', 'page.js'));
  },
};

/** Gzipped size of a serving bundle in bytes: the JavaScript, and ONNX Runtime's WebAssembly. */
export async function servingSize(folder: string): Promise<{ script: number; wasm: number }> {
  await withEsbuild(join(import.meta.dirname, '..', 'page.ts'), folder);
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (name) => [name, gzipSync(await readFile(join(folder, name))).length] as const),
  );
  const sum = (ending: string) => sizes.reduce((total, [name, size]) => total + (name.endsWith(ending) ? size : 0), 0);
  return { script: sum('.js'), wasm: sum('.wasm') };
}

async function withEsbuild(entry: string, folder: string): Promise<void> {
  await esbuild.build({
    entryPoints: [entry],
    outdir: folder,
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    logLevel: 'error',
  });
  // The bundle loads it from its own folder.
  await copyFile(fileURLToPath(new URL(wasm, import.meta.resolve('onnxruntime-web/wasm'))), join(folder, wasm));
}
