import { float32, type Value } from '@lea/tensor';
import { expect, test } from 'vitest';
import { packing } from './packing.ts';

test('matrices become constants, unless they are too large together', () => {
  const gain = float32([1, 1]);
  const matrix = float32(new Float32Array(4), [2, 2]);
  expect(packing({ gain, matrix })).toEqual({ constants: { matrix }, fed: { gain } });
  const data = { byteLength: 400e6 } as unknown as Float32Array;
  const large: Value = { dtype: 'float32', shape: [1e4, 1e4], data };
  expect(packing({ gain, large })).toEqual({ constants: { large }, fed: { gain } });
  const frozen = { gain, large, other: large };
  expect(packing(frozen)).toEqual({ constants: {}, fed: frozen });
});
