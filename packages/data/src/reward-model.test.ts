import { expect, test } from 'vitest';
import { checkActions } from './reward-model.ts';

test('actions are as many for each history, and items', () => {
  for (const [actions, size] of [
    [[0, 4, 2, 2], 2],
    [[], 0],
    [[4], 1],
  ] as const) {
    const given = Int32Array.from(actions);
    expect(checkActions(given, size, 5)).toBe(given);
  }
  const check = (actions: number[], size: number) => () => checkActions(Int32Array.from(actions), size, 5);
  expect(check([], 1)).toThrow(/^Give the same number of actions for each of the 1 histories/);
  expect(check([1, 2, 3], 2)).toThrow('each of the 2 histories');
  expect(check([0, 5], 2)).toThrow('0..4');
  expect(check([-1, 0], 1)).toThrow(expect.objectContaining({ code: 'E_ITEM_RANGE', value: -1 }));
});
