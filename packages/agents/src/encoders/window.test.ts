import { int32, toTensor } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { historyValues } from '../testing/decisions.ts';
import { tensors } from '../testing/tensors.ts';
import type { Histories } from '../types.ts';
import { appendEvent } from './window.ts';

const shape = { items: 9, window: 4 };
const histories = (lists: readonly number[][]) =>
  tensors(historyValues(lists, shape)) as unknown as { items: tf.Tensor; length: tf.Tensor };
const plain = ({ items, length }: Histories) => [items.arraySync(), length.arraySync()];

test('an event is appended: empty, short and full windows are those of the longer history', () => {
  const lists = [[], [3], [1, 2, 8], [5, 6, 0, 1], [4, 5, 6, 0, 1, 2]];
  const events = [7, 3, 0, 8, 2];
  const longer = appendEvent(histories(lists), toTensor(int32(events)), shape.items);
  expect(plain(longer)).toEqual(plain(histories(lists.map((list, i) => [...list, events[i]!]))));
  expect(longer.items.dtype).toBe('int32');
  expect(longer.length.dtype).toBe('int32');
});
