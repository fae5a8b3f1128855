import { expect, it } from 'vitest';
import { resource } from './resource.ts';
import { deviation, mean } from './statistics.ts';

it('mean and deviation, of a population and of a sample', () => {
  expect(mean([2, 4, 4, 6])).toBe(4);
  expect(deviation([2, 4, 4, 6])).toBe(Math.sqrt(2));
  expect(deviation([2, 4, 4, 6], 'sample')).toBe(Math.sqrt(8 / 3));
  expect([mean([]), deviation([]), deviation([1], 'sample')]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

it('a resource is given back at the end of a block as by its name', async () => {
  let given = 0;
  const held = resource(async () => void given++);
  await held[Symbol.asyncDispose]();
  await held.dispose();
  expect(given).toBe(2);
});
