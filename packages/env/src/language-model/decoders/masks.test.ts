import { fold, key, normal } from '@lea/core';
import { float32, int32, specsOf, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ready } from '../../shared/runtime.ts';
import type { DecoderConfig } from './config.ts';
import { decode } from './decode.ts';
import { causalMask, segmentMask, segmentPositions, windowMask } from './masks.ts';
import { decoderSpecs } from './modules.ts';

const shape = { width: 8, layers: 2, heads: 2, kvHeads: 2, mlpWidth: 16, normEps: 1e-5 };
const CONFIGS: Record<string, DecoderConfig> = {
  'learned positions': { ...shape, layout: 'gpt2', norm: 'layer', maxPositions: 6, activation: 'gelu-tanh' },
  'a window': { ...shape, window: 2 },
  'a window in one layer': { ...shape, window: 2, windowLayers: [true, false], windowRopeTheta: 100 },
};

test('a window shows a position and those just before it', async () => {
  const rows = (mask: tf.Tensor): number[][] =>
    (mask.arraySync() as number[][][][])[0]![0]!.map((r) => r.map((v) => +(v === 0)));
  expect(rows(causalMask(3))).toEqual([
    [1, 0, 0],
    [1, 1, 0],
    [1, 1, 1],
  ]);
  expect(rows(windowMask(4, 2))).toEqual([
    [1, 0, 0, 0],
    [1, 1, 0, 0],
    [0, 1, 1, 0],
    [0, 0, 1, 1],
  ]);
});

test('positions begin anew in every segment', () => {
  const segment = tf.tensor2d([[0, 0, 0, 1, 1, -1, -1]], [1, 7], 'int32');
  expect(segmentPositions(segment).arraySync()).toEqual([[0, 1, 2, 0, 1, 0, 1]]);
});

test.each(Object.keys(CONFIGS))('histories in one row are read as if each had its own: %s', async (name) => {
  const config = CONFIGS[name]!;
  const params: Values = {};
  for (const [key_, { shape }] of Object.entries(decoderSpecs(config))) {
    const size = shape.reduce((a, b) => a * b, 1);
    params[key_] = float32(
      normal(fold(key(1), key_), size).map((v) => v / 2),
      shape,
    );
  }
  const x = Float32Array.from(normal(key(2), 7 * 8));
  const inputs = { x: float32(x, [1, 7, 8]), segment: int32([0, 0, 0, 0, 1, 1, 1], [1, 7]) };
  const runner = await ready(
    ({ inputs: { x, segment }, frozen }) => {
      const part = (from: number, T: number) =>
        decode(frozen, config, tf.slice(x!, [0, from, 0], [1, T, 8]), { mask: causalMask(T) });
      const mode = { mask: segmentMask(segment!), positions: segmentPositions(segment!) };
      return {
        state: {},
        outputs: { together: decode(frozen, config, x!, mode), apart: tf.concat([part(0, 4), part(4, 3)], 1) },
      };
    },
    { inputs: specsOf(inputs), frozen: specsOf(params) },
    { threads: 1, backend: undefined },
    'direct',
  );
  const { outputs } = await runner.run({ inputs, frozen: params });
  await runner.dispose();
  outputs.together!.data.forEach((value, i) => void expect(value).toBeCloseTo(outputs.apart!.data[i]!, 4));
});
