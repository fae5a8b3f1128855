import * as tf from '@tensorflow/tfjs';

// The cpu backend greets with a banner at its first write. The test flag mutes it for one write of one number; nothing
// else reads the flag in between, and checks for NaN stay as the user has them.
const cpu = tf.findBackend('cpu');
if (cpu) {
  const environment = tf.env();
  const before = environment.getBool('IS_TEST');
  environment.set('IS_TEST', true);
  const id = cpu.write(Float32Array.of(0), [1], 'float32');
  cpu.disposeData(id);
  environment.set('IS_TEST', before);
}
