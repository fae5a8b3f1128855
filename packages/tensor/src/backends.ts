import * as module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkObjects, checkTexts, LeaError } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { correctGradients } from './corrected-gradients.ts';

/** Options of `useBackend`. */
export interface BackendOptions {
  /** For `tensorflow`: a folder whose node_modules contains `@tensorflow/tfjs-node`. Default: resolved from this package. */
  readonly folder?: string | undefined;
}

/**
 * Activates a tfjs backend, and loads its package if needed.
 *
 * @param name `cpu` (plain JavaScript: the reference), `wasm` (needs `@tensorflow/tfjs-backend-wasm`), `tensorflow` (needs
 *   `@tensorflow/tfjs-node`), or any backend registered with tfjs
 * @throws LeaError `E_BACKEND_MISSING`
 */
export async function useBackend(name: string, options: BackendOptions = {}): Promise<void> {
  checkTexts('useBackend', { name });
  checkObjects('useBackend', { options });
  if (!tf.engine().registryFactory[name]) await load(name, options);
  const ready = await tf.setBackend(name).catch(() => false);
  if (!ready) throw missing(name, 'The tfjs backend is unknown or did not start.');
}

/** Runs a synchronous function on a backend that has been initialized, then switches back to the previous one. */
export function onBackend<T>(name: string, f: () => T): T {
  const before = tf.getBackend();
  if (before === name) return f();
  // Switching to an initialized backend is synchronous; the promise only matters for backends that must still start.
  void tf.setBackend(name);
  try {
    return f();
  } finally {
    if (before) void tf.setBackend(before);
  }
}

async function load(name: string, { folder }: BackendOptions): Promise<void> {
  try {
    if (name === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
    if (name === 'tensorflow') loadTensorflow(folder);
    // Packages of backends bring tfjs with them, which registers its own gradients again.
    correctGradients();
  } catch (cause) {
    const wanted = name === 'wasm' ? '@tensorflow/tfjs-backend-wasm' : '@tensorflow/tfjs-node';
    throw missing(name, `${wanted} could not be loaded.`, `Install it with: npm i ${wanted}@4.22.0`, cause);
  }
}

function loadTensorflow(folder: string | undefined): void {
  const own = module.createRequire(import.meta.url);
  const there = folder === undefined ? own : module.createRequire(pathToFileURL(join(folder, 'package.json')));
  const path = there.resolve('@tensorflow/tfjs-node');
  // tfjs-node 4.22 calls two helpers that newer versions of Node removed or deprecated.
  const util = own('node:util');
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray = Array.isArray;
  // It must register with the tfjs instance used here: a second copy would have a separate engine.
  const parts = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'];
  const replaced = new Map(parts.map((name) => [name, pathToFileURL(own.resolve(name)).href]));
  const hooks = module.registerHooks({
    resolve(specifier, context, next) {
      const url = replaced.get(specifier);
      return url ? { url, shortCircuit: true } : next(specifier, context);
    },
  });
  try {
    own(path);
  } finally {
    hooks.deregister();
  }
}

function missing(
  name: string,
  what: string,
  hint = 'The backend cpu needs no further packages.',
  cause?: unknown,
): LeaError {
  return new LeaError('E_BACKEND_MISSING', what, { value: name, hint, cause });
}
