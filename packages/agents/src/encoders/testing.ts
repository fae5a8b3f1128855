/** Helpers of the encoders' tests: a tiny catalog with texts, and histories as tensors. */
import { key } from '@lea/core';
import { float32, int32, toTensor, type Value, type Values } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { Encoder, Histories, Mode } from '../types.ts';

export const shape = { items: 9, window: 5, textSize: 3 };
export const text: Value = float32(
  Array.from({ length: 27 }, (_, i) => Math.sin(i * i)),
  [9, 3],
);
export const mode: Mode = { train: false, label: 'test', text: toTensor(text) };
export const pad: number = shape.items;

/** Parameters far enough from 0 that nothing passes by accident. */
export function noisy(encoder: Encoder): Values {
  const params = encoder.init(key(5), shape, text);
  for (const [name, value] of Object.entries(params)) {
    const start = name.includes('.ln') && name.endsWith('weight') ? 1 : 0;
    value.data.set(Float32Array.from(value.data, (_, i) => start + 0.5 * Math.sin(i * 1.7 + name.length)));
  }
  return params;
}

export const histories = (rows: number[][], length: number[]): Histories => ({
  items: toTensor(int32(rows.flat(), [rows.length, rows[0]!.length])),
  length: toTensor(int32(length)),
});
export const rows = (x: tf.Tensor): number[][] => x.arraySync() as number[][];

export function near(actual: number[], wanted: number[], tolerance = 1e-5): void {
  expect(actual).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance);
}

export const mixed: Parameters<typeof histories> = [
  [
    [3, 1, 4, 1, 5],
    [2, 7, pad, pad, pad],
    [pad, pad, pad, pad, pad],
  ],
  [5, 2, 1],
];
