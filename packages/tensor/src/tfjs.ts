import * as fs from 'node:fs';
import * as module from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { correctGradients } from './corrected-gradients.ts';
import { refuseSecondCopy } from './single-copy.ts';

refuseSecondCopy(import.meta.url);
// Loaded here and not above: a second copy is refused before it registers its kernels, which warns about every one of them.
await import('@tensorflow/tfjs-backend-cpu');

// tfjs-core registers its gradients in a module that only bundlers can load, because its imports have no file extension.
// They reach the engine and its registries through globals, so loading a second copy of the ops does no harm.
const modules = '/@tensorflow/tfjs-core/dist/';
// They are 450 modules: without asking Node for the path, the package and the format of each, they load in half the time.
const hooks = module.registerHooks?.({
  resolve(specifier, context, next) {
    const { parentURL } = context;
    if (!specifier.startsWith('.') || !parentURL?.includes(modules)) return next(specifier, context);
    const path = specifier.endsWith('.js') ? specifier : `${specifier}.js`;
    return { url: new URL(path, parentURL).href, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.includes(modules) || url.endsWith('.node.js')) return next(url, context);
    return { format: 'module', source: fs.readFileSync(new URL(url)), shortCircuit: true };
  },
});
try {
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
} finally {
  hooks?.deregister();
}
correctGradients();

// Every new cpu backend prints a banner at its first write, controlled by a field. A field that is always false silences all
// of them, including those that tfjs creates later.
const cpu = tf.findBackend('cpu');
if (cpu) {
  Object.defineProperty(Object.getPrototypeOf(cpu), 'firstUse', { get: () => false, set: () => {} });
  Reflect.deleteProperty(cpu, 'firstUse');
}
