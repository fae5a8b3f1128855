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
const hooks = module.registerHooks?.({
  resolve(specifier, context, next) {
    const bare = specifier.startsWith('.') && !specifier.endsWith('.js') && context.parentURL?.includes(modules);
    return next(bare ? `${specifier}.js` : specifier, context);
  },
  load(url, context, next) {
    return next(url, url.includes(modules) && !url.endsWith('.node.js') ? { ...context, format: 'module' } : context);
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
