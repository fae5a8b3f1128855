import { key } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  accepting,
  badAnswers,
  optional,
  type RightArguments,
  testedFunctions,
  unchecked,
} from '../../core/src/fixtures/bad-calls.ts';
import * as all from './index.ts';

const exceptions = {
  'a check: the calling function writes its arguments itself': ['checkTensors'],
  'called for every number of a file': ['float16Value'],
};

const x = tf.tensor2d([[1, 2]]);
const ids = tf.tensor1d([0], 'int32');
const matrix = Float64Array.of(2, 0, 0, 1);
const program: all.Program = ({ inputs }) => ({ state: {}, outputs: { x: inputs.x! } });
const specs = { inputs: { x: { dtype: 'float32', shape: [2] } } };
const value = all.float32([1, 2]);
const prepared: RightArguments = [program, specs, {}];

/** Numbers and shapes in programs stay unchecked: tensors are what newcomers mistake, and TypeScript checks the rest. */
const right: Record<string, RightArguments> = {
  adam: [{}],
  allExcept: [[[0]], 1, 2],
  amax: [x, unchecked(1)],
  attention: [tf.zeros([1, 1, 1, 2]), tf.zeros([1, 1, 1, 2]), tf.zeros([1, 1, 1, 2]), unchecked(null), unchecked(1)],
  causalConvolution: [tf.zeros([2, 1, 1]), tf.zeros([1, 1, 2]), tf.zeros([1]), optional(1)],
  center: [[1, 2], 1, 2],
  compile: prepared,
  covariance: [matrix, 2, 2],
  describeSafetensors: ['nowhere'],
  dropout: [x, 0.5, tf.tensor1d([1, 2], 'int32'), unchecked('label')],
  embedding: [x, ids],
  float32: [[1], optional([1])],
  fromTensor: [x],
  gelu: [x],
  geluTanh: [x],
  int32: [[1], optional([1])],
  interpret: prepared,
  keyTensorValue: [key(1)],
  layerNorm: [x, x, x, unchecked(1e-5)],
  linear: [x, x, unchecked(undefined)],
  logSigmoid: [x],
  mainDirections: [matrix, 2, 1],
  mainEigenvectors: [matrix, 2, 1],
  maskedSoftmax: [x],
  pick: ['a', accepting({ ab: 1 }, '{}')],
  prefixed: ['a', accepting({ b: 1 }, '{}')],
  prepare: prepared,
  preparePair: [program, { state: {}, ...specs, partner: {} }, {}],
  randomIntegers: [tf.tensor1d([1, 2], 'int32'), unchecked('label'), unchecked([1]), 2],
  randomUniform: [tf.tensor1d([1, 2], 'int32'), unchecked('label'), unchecked([1])],
  readSafetensors: ['nowhere', {}],
  rmsNorm: [x, x, unchecked(1e-5)],
  rope: [tf.zeros([1, 1, 1, 2]), tf.zeros([1, 1]), tf.zeros([1, 1]), unchecked({})],
  ropeTables: [2, 2, optional(10000)],
  rotationBetween: [matrix, matrix, 2, 2],
  rowDot: [x, x],
  scatterAddRows: [ids, x, unchecked(1)],
  sizeOf: [[1]],
  softmaxCrossEntropy: [x, x, ids, tf.tensor1d([1]), unchecked(undefined)],
  softplus: [x],
  specsOf: [accepting({ x: value }, '{}')],
  stopGradient: [x],
  swiglu: [x, x],
  targetRanks: [x, ids, unchecked(undefined)],
  toTensor: [value],
  useBackend: ['cpu', {}],
  valueAndGrad: [() => ({ loss: tf.scalar(1) }), accepting({ x }, '{}')],
  withGradient: [[x], () => ({ value: x, saved: [], gradients: () => [() => x] })],
  withOnes: [x],
  writeSafetensors: ['/dev/null/x', accepting({ value }, '{}'), {}],
  zeros: [{ dtype: 'float32', shape: [1] }],
};

describe('arguments of another kind', () => {
  it.each(testedFunctions(all, exceptions))('are refused by name: %s', async (name, call) => {
    expect(right[name], `right arguments of ${name} for this test`).toBeDefined();
    expect(await badAnswers(call, right[name]!)).toEqual([]);
  });

  it('says where tensors come from', () => {
    expect(() => all.gelu(value as never)).toThrow(
      'gelu: x must be a tensor. Got an object with dtype, shape, data. ' +
        'Make one with tf.tensor, or of a value with toTensor.',
    );
  });
});
