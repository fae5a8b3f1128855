import { int32, toTensor } from '@lea/tensor';
import type * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { historyValues } from '../testing/decisions.ts';
import { tensors } from '../testing/tensors.ts';
import type { Histories } from '../types.ts';
import { appendEvent, newestEvents } from './window.ts';

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

test('the newest events of wider histories are those of narrower windows', () => {
  const lists = [[], [3], [1, 2], [5, 6, 0], [4, 5, 6, 0]];
  const narrow = tensors(historyValues(lists, { ...shape, window: 2 })) as unknown as Histories;
  expect(plain(newestEvents(histories(lists), 2))).toEqual(plain(narrow));
  const same = histories(lists);
  expect(newestEvents(same, 4)).toBe(same);
});
