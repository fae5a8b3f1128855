import { expect, test } from 'vitest';
import { BestVectors } from './best-vectors.ts';

test('each item keeps its best vector, is done by its own gain, and stays as it is then', () => {
  const vectors = new Float32Array(2);
  // Vectors of one number; the batch is filled up with a third row that is no item.
  const best = new BestVectors(vectors, 2, 0.1);
  best.take(Float32Array.of(10, 8, 0, 6, 9, 0), Float32Array.of(1, 2, 99, 3, 4, 99), 2);
  expect([...vectors]).toEqual([3, 2]);
  expect(best.loss).toBe(6 + 8);
  // The first falls by half, the second by 2%, which is too little: what it finds later is not taken.
  best.take(Float32Array.of(4, 7.84, 0), Float32Array.of(5, 6, 99), 1);
  expect([...vectors]).toEqual([5, 6]);
  expect(best.allDone).toBe(false);
  best.take(Float32Array.of(4.5, 1, 0), Float32Array.of(7, 8, 99), 1);
  expect([...vectors]).toEqual([5, 6]);
  expect(best.loss).toBeCloseTo(4 + 7.84, 5);
  expect(best.allDone).toBe(true);
});

test('a tolerance of 0 ends nothing', () => {
  const best = new BestVectors(new Float32Array(1), 1, 0);
  for (let i = 0; i < 3; i++) best.take(Float32Array.of(2), Float32Array.of(1), 1);
  expect(best.allDone).toBe(false);
});

test('a loss that is no number ends the run, unless its item is done', () => {
  const best = new BestVectors(new Float32Array(2), 2, 0.1);
  best.take(Float32Array.of(1, 8), Float32Array.of(1, 1), 1);
  best.take(Float32Array.of(1, 4), Float32Array.of(2, 2), 1);
  best.take(Float32Array.of(Number.NaN, 2), Float32Array.of(3, 3), 1);
  const take = (): void => best.take(Float32Array.of(1, Number.NaN), Float32Array.of(4, 4), 1);
  expect(take).toThrow(expect.objectContaining({ code: 'E_LOSS_NOT_FINITE' }));
});
