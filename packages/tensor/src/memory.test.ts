import { totalmem } from 'node:os';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from './compile.ts';
import { estimatedMemory } from './memory.ts';

it('tells twice what lives at the same time, and two copies of the constants', () => {
  const constant = { name: 'c', dtype: 'float32', shape: [10], data: new Float32Array(10) } as const;
  const specs = { state: { w: { dtype: 'float32', shape: [5, 4] } } } as const;
  expect(estimatedMemory({ workingBytes: 1000, constants: [constant] }, specs)).toBe(2 * (1000 + 80) + 2 * 40);
});

it('a program tells its memory', async () => {
  const specs = { inputs: { x: { dtype: 'float32', shape: [50, 20] } } } as const;
  const runner = await compile(
    ({ inputs: { x } }) => ({ state: {}, outputs: { y: tf.matMul(x!, x!, false, true) } }),
    specs,
  );
  expect(runner.info.memoryBytes).toBe(2 * 50 * 50 * 4);
  const { outputs } = await runner.run({
    inputs: { x: { dtype: 'float32', shape: [1, 50, 20], data: new Float32Array(1000).fill(1) } },
  });
  expect(outputs.y!.data[0]).toBe(20);
  await runner.dispose();
});

it('refuses a step that cannot fit, before anything is allocated', async () => {
  const rows = Math.ceil(Math.sqrt(totalmem() / 4)) + 1;
  const specs = { inputs: { x: { dtype: 'float32', shape: [rows, 1] } } } as const;
  const product = compile(
    ({ inputs: { x } }) => ({ state: {}, outputs: { y: tf.matMul(x!, x!, false, true) } }),
    specs,
  );
  await expect(product).rejects.toMatchObject({ code: 'E_COMPILE_MEMORY' });
});
