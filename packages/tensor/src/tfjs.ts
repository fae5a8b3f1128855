import * as module from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

// tfjs-core registers its gradients in a module that only bundlers can read: its imports have no file extension. They
// reach the engine and its registries through globals, so that it does not matter that they load a second copy of the ops.
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

// Every new cpu backend greets with a banner at its first write and marks that in a field. A field that is always false
// keeps all of them quiet, also those that tfjs makes later.
const cpu = tf.findBackend('cpu');
if (cpu) {
  Object.defineProperty(Object.getPrototypeOf(cpu), 'firstUse', { get: () => false, set: () => {} });
  Reflect.deleteProperty(cpu, 'firstUse');
}
