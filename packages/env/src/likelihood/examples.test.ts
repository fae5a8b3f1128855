import { expect, test } from 'vitest';
import { rowsOf } from '../testing.ts';
import { drawExamples } from './examples.ts';

const rows = rowsOf([[0, 1, 2, 3], [4, 5], [6], [7, 8, 9]], 10);

test('examples are histories with their next item, each of another user', () => {
  const { windows, actions } = drawExamples(rows, { count: 3, window: 2 });
  expect(windows).toMatchObject({ size: 3, window: 2 });
  const users = new Set<number>();
  for (const [i, action] of actions.entries()) {
    const length = windows.length[i]!;
    expect(length).toBeGreaterThan(0);
    // Items of a user follow each other, so a history ends with the item before the action.
    expect(windows.items[i * 2 + length - 1]).toBe(action - 1);
    users.add([4, 6, 7, 10].findIndex((end) => action < end));
  }
  expect([...users].sort()).toEqual([0, 1, 3]);
});

test('the seed decides which', () => {
  const drawn = (seed: number) => drawExamples(rows, { count: 2, seed }).actions.join();
  expect(drawn(1)).toBe(drawn(1));
  expect(new Set(Array.from({ length: 20 }, (_, seed) => drawn(seed))).size).toBeGreaterThan(3);
});

test('more examples than users with a history are refused', () => {
  expect(() => drawExamples(rows, { count: 4 })).toThrow('Lower count to at most 3.');
});
