import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { KERNEL_CASES, type KernelCase } from './fixtures/kernel-cases.ts';
import { type Tensors, toTensor, type Values } from './index.ts';

const namesOf = ({ inputs, wrt }: KernelCase): readonly string[] =>
  wrt ?? Object.keys(inputs).filter((name) => inputs[name]!.dtype === 'float32');
const differentiated = KERNEL_CASES.filter((one) => namesOf(one).length > 0);
/** Half the distance of two values whose difference gives a slope. */
const STEP = 0.004;

/** A sum of all outputs in which every element has another weight. */
function weighed(outputs: tf.Tensor | tf.Tensor[]): tf.Scalar {
  const sums = [outputs].flat().map((y) => tf.sum(tf.mul(y, tf.reshape(tf.sin(tf.range(1, y.size + 1)), y.shape))));
  return tf.addN(sums) as tf.Scalar;
}

const tensorsOf = (values: Values): Tensors =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));

test.each(differentiated.map((one) => [one.name, one] as const))(
  'the gradient of %s is that of finite differences',
  async (_, one) => {
    const { inputs, f } = one;
    await tf.setBackend('cpu');
    const names = namesOf(one);
    const given = tensorsOf(inputs);
    const at = (own: tf.Tensor[]) =>
      weighed(f({ ...given, ...Object.fromEntries(own.map((tensor, i) => [names[i]!, tensor])) }));
    const grads = tf.grads((...own: tf.Tensor[]) => at(own))(names.map((name) => given[name]!));
    for (const [which, name] of names.entries()) {
      const { data, shape } = inputs[name]!;
      const gradient = grads[which]!;
      expect(gradient.shape).toEqual([...shape]);
      for (const [i, slope] of gradient.dataSync().entries()) {
        const moved = (by: number) => {
          const changed = Float32Array.from(data);
          changed[i]! += by;
          return at(
            names.map((other, k) => (k === which ? tf.tensor(changed, [...shape]) : given[other]!)),
          ).dataSync()[0]!;
        };
        // Some functions have a kink at 0.
        if (Math.abs(data[i]!) < 2 * STEP) continue;
        const difference = (moved(STEP) - moved(-STEP)) / (2 * STEP);
        expect(Math.abs(slope - difference), `${name}[${i}]: ${slope} and ${difference}`).toBeLessThan(
          0.02 * (1 + Math.abs(difference)),
        );
      }
    }
  },
);
