import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { KERNEL_CASES } from './fixtures/kernel-cases.ts';
import { OP_CASES } from './fixtures/op-cases.ts';
import { expectClose, expectGradients, results, tfjsNodeFolder } from './fixtures/parity.ts';
import { useBackend } from './index.ts';
import { RECORDER } from './recorder/backend.ts';

const ALL = [...OP_CASES, ...KERNEL_CASES];

describe('compiled programs equal eager ones', () => {
  test.each(ALL.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    expectClose(await results(one, 'compiled'), await results(one, 'cpu'), one.tolerance);
  });

  test('every recorded kernel has a case', () => {
    const recorded = tf.getKernelsForBackend(RECORDER).map(({ kernelName }) => kernelName);
    const covered = new Set(KERNEL_CASES.map(({ kernel }) => kernel));
    expect(recorded.filter((name) => !covered.has(name))).toEqual([]);
  });
});

describe('gradients equal central differences', () => {
  test.each(ALL.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    await expectGradients(one);
  });

  test('floorDiv is constant almost everywhere', () => {
    const [a, b] = tf.grads((a, b) => tf.floorDiv(a, b))([tf.tensor1d([7.3, -2.2]), tf.tensor1d([2, 3])]);
    expect([...a!.dataSync(), ...b!.dataSync()]).toEqual([0, 0, 0, 0]);
  });
});

describe('wasm equals cpu', () => {
  test.each(OP_CASES.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    expectClose(await results(one, 'wasm'), await results(one, 'cpu'), one.tolerance);
  });
});

// Set LEA_TFJS_NODE to a folder whose node_modules holds @tensorflow/tfjs-node.
describe.skipIf(!tfjsNodeFolder)('tfjs-node equals cpu', () => {
  beforeAll(async () => {
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
    await useBackend('tensorflow', { folder: tfjsNodeFolder! });
    await useBackend('cpu');
  });

  test.each(ALL.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    expectClose(await results(one, 'tensorflow'), await results(one, 'cpu'), one.tolerance);
  });
});
