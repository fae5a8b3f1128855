import * as tf from '@tensorflow/tfjs';

// Every new cpu backend greets with a banner at its first write and marks that in a field. A field that is always false
// keeps all of them quiet, also those that tfjs makes later.
const cpu = tf.findBackend('cpu');
if (cpu) {
  Object.defineProperty(Object.getPrototypeOf(cpu), 'firstUse', { get: () => false, set: () => {} });
  Reflect.deleteProperty(cpu, 'firstUse');
}

// ONNX Runtime sends usage data and leaves log files in the temporary folder unless it is told not to.
process.env.ORT_DISABLE_TELEMETRY ??= '1';
