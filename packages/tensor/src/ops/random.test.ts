import { fold, key, randomBits } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compile,
  dropout,
  interpret,
  keyTensorValue,
  type Program,
  randomIntegers,
  randomUniform,
  type Values,
} from '../index.ts';
import { labelWords } from './random.ts';

const COUNT = 1000;
const draw: Program = ({ inputs }) => ({
  state: {},
  outputs: {
    uniform: randomUniform(inputs.key!, 'negatives', [10, 100]),
    integers: randomIntegers(inputs.key!, 'negatives', [COUNT], 7919),
    dropped: dropout(tf.ones([3, 333]), 0.25, inputs.key!, 'input'),
  },
});
const specs = { inputs: { key: { dtype: 'int32', shape: [2] } } } as const;

test('the bits are those of @lea/core, compiled and eager', async () => {
  const compiled = await compile(draw, specs, { mode: 'direct', threads: 1 });
  const eager = await interpret(draw, specs, { mode: 'direct' });
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer(), async (a, b) => {
      const feed = { inputs: { key: { dtype: 'int32', shape: [2], data: Int32Array.of(a, b) } } } as const;
      const { outputs } = await compiled.run(feed);
      const [s0, s1] = labelWords('negatives');
      const words = [a ^ s0, (b + s1) | 0] as const;
      const wanted = Float32Array.from({ length: COUNT }, (_, i) => (randomBits(words, i) >>> 8) / 2 ** 24);
      expect(outputs.uniform!.data).toEqual(wanted);
      expect(outputs).toEqual((await eager.run(feed)).outputs);
    }),
    { numRuns: 20 },
  );
  await compiled.dispose();
});

test('draws fill the range evenly and labels are independent', async () => {
  const runner = await interpret(draw, specs, { mode: 'direct' });
  const { outputs } = await runner.run({ inputs: { key: keyTensorValue(fold(key(3), 'step')) } });
  const mean = ({ data }: Values[string]) => Array.from(data).reduce((sum, value) => sum + value, 0) / data.length;
  expect(Math.abs(mean(outputs.uniform!) - 0.5)).toBeLessThan(0.05);
  expect(Math.abs(mean(outputs.integers!) / 7919 - 0.5)).toBeLessThan(0.05);
  expect(Math.max(...outputs.integers!.data)).toBeLessThan(7919);
  // A quarter dropped, the others scaled: the mean stays.
  expect(Math.abs(mean(outputs.dropped!) - 1)).toBeLessThan(0.06);
  expect(new Set(outputs.dropped!.data)).toEqual(new Set([0, Math.fround(4 / 3)]));
  expect(labelWords('a')).not.toEqual(labelWords('b'));
});

test('a dropout rate of zero is the identity; impossible rates and ranges are refused', () => {
  const x = tf.ones([2]);
  const k = tf.tensor1d([1, 2], 'int32');
  expect(dropout(x, 0, k, 'a')).toBe(x);
  expect(() => dropout(x, 1, k, 'a')).toThrow(/rate/);
  expect(() => randomIntegers(k, 'a', [2], 2 ** 25)).toThrow(/2\^24/);
});
