import { checkObjects, fold, type Key, LeaError, randomBits, key as rootKey } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from '../arguments.ts';
import { isRecording, namedTensor } from '../recorder/emit.ts';
import type { Value } from '../types.ts';
import { int32, sizeOf } from '../values.ts';
import { recordedBits, recordedUniform } from './random-recorded.ts';

/** A key as an int32 [2] value, the form in which programs take it as an input (one per step). */
export function keyTensorValue(key: Key): Value {
  checkObjects('keyTensorValue', { key });
  return int32(key.words);
}

/** The two words that a label contributes to a key; different labels give independent streams. */
export function labelWords(label: string): readonly [number, number] {
  return fold(rootKey(0), label).words;
}

/**
 * Uniform draws from [0, 1), multiples of 2^-24. They are a pure function of key, label and position, with the same bits in
 * compiled and interpreted programs on every backend.
 *
 * @param key int32 [2]
 * @param label identifies the draw; the same key and label give the same numbers
 */
export function randomUniform(key: tf.Tensor, label: string, shape: readonly number[]): tf.Tensor {
  checkTensors('randomUniform', { key });
  if (isRecording()) return namedTensor(recordedUniform(key, labelWords(label), shape), shape);
  const bits = hostBits(key, label, sizeOf(shape));
  return tf.tensor(
    Float32Array.from(bits, (b) => (b >>> 8) / 2 ** 24),
    [...shape],
  );
}

/**
 * Uniform int32 draws from [0, high): floor(uniform · high).
 *
 * @param high at most 2^24, the resolution of the draws
 * @throws LeaError `E_RANGE`
 */
export function randomIntegers(key: tf.Tensor, label: string, shape: readonly number[], high: number): tf.Tensor {
  checkTensors('randomIntegers', { key });
  if (!(high >= 1 && high <= 2 ** 24)) {
    throw new LeaError('E_RANGE', 'randomIntegers: high must be from 1 to 2^24.', { value: high });
  }
  // Rounding in float32 may raise the largest draw to `high` itself.
  return tf.cast(tf.minimum(tf.floor(tf.mul(randomUniform(key, label, shape), high)), high - 1), 'int32');
}

/** 32 random bits for counters 0..count-1, as int32 [count]. */
export function keyedBits(key: tf.Tensor, label: string, count: number): tf.Tensor {
  if (isRecording()) return namedTensor(recordedBits(key, labelWords(label), count), [count], 'int32');
  return tf.tensor(hostBits(key, label, count), [count], 'int32');
}

function hostBits(key: tf.Tensor, label: string, count: number): Int32Array {
  const [a, b] = key.dataSync() as Int32Array;
  const [s0, s1] = labelWords(label);
  const words = [a! ^ s0, (b! + s1) | 0] as const;
  return Int32Array.from({ length: count }, (_, i) => randomBits(words, i));
}
