import { expect, test } from 'vitest';
import { tensors } from '../testing/tensors.ts';
import { nextitnet } from './nextitnet.ts';
import { histories, mode, noisy, rows } from './testing.ts';

test('nextitnet sees back as far as its dilations reach', () => {
  const state = (dilations: number[], history: number[]) => {
    const encoder = nextitnet({ width: 4, dilations });
    return rows(encoder.encode(tensors(noisy(encoder)), histories([history], [5]), mode))[0]!;
  };
  const plain = [3, 1, 4, 1, 5];
  const thirdBack = [3, 6, 4, 1, 5];
  const fourthBack = [6, 1, 4, 1, 5];
  // Kernel 3: a block of dilation 1 sees all offsets up to 6, one of dilation 2 the even ones up to 12.
  expect(state([1], thirdBack)).not.toEqual(state([1], plain));
  expect(state([2], thirdBack)).toEqual(state([2], plain));
  expect(state([2], fourthBack)).not.toEqual(state([2], plain));
});
