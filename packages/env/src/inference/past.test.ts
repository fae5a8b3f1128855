import { float32, type Values } from '@lea/tensor';
import { expect, test } from 'vitest';
import type { DecoderConfig } from '../language-model/decoders/config.ts';
import { pastBytes, pastOf, pastSpecs } from './past.ts';

const config: DecoderConfig = {
  ...{ width: 4, layers: 2, heads: 4, kvHeads: 1 },
  ...{ mlpWidth: 8, normEps: 1e-5, ropeTheta: 10000 },
};

test('keys and values of every layer, their heads and slots', () => {
  const specs = pastSpecs(config, 3, 5);
  expect(Object.keys(specs)).toEqual(['past.0.k', 'past.0.v', 'past.1.k', 'past.1.v']);
  for (const spec of Object.values(specs)) expect(spec).toEqual({ dtype: 'float32', shape: [3, 1, 5, 1] });
  // 4 arrays of 15 numbers of 4 bytes.
  expect(pastBytes(specs)).toBe(240);
});

test('histories are taken out of the batches that they were read in; rows beyond them are zeros', async () => {
  const specs = pastSpecs({ ...config, layers: 1 }, 4, 2);
  /** Of history h: keys 10 h + 1, 10 h + 2; values are the same, negative. */
  const batchOf = async (batch: number): Promise<Values> => {
    const keys = [2 * batch, 2 * batch + 1].flatMap((h) => [10 * h + 1, 10 * h + 2]);
    return { 'past.0.k': float32(keys, [2, 1, 2, 1]), 'past.0.v': float32(keys.map((x) => -x), [2, 1, 2, 1]) }; // biome-ignore format: one line
  };
  const past = await pastOf(specs, Int32Array.of(3, 0, 1), 2, batchOf);
  expect([...past['past.0.k']!.data]).toEqual([31, 32, 1, 2, 11, 12, 0, 0]);
  expect([...past['past.0.v']!.data].slice(0, 4)).toEqual([-31, -32, -1, -2]);
});
