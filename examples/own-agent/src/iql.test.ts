import { readFileSync } from 'node:fs';
// #region by-hand
import { key } from '@lea/core';
import { float32, int32, type Tensors, toTensor, type Values } from '@lea/tensor';
import { expect, test } from 'vitest';
import { iql, recencyPool } from './index.ts';

const shape = { items: 3, window: 2 };
const tensors = (values: Values): Tensors =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));
const list = (x: { dataSync(): ArrayLike<number> } | undefined) => Array.from(x!.dataSync());

/** Every state is 0, so that heads give their biases: Q = 1, 2, 3 for the items, V = 0.5. */
function biasesOnly(agent: ReturnType<typeof iql>, q: number[], v: number): Tensors {
  const params = agent.init(key(0), shape);
  for (const name of ['enc.out.weight', 'enc.out.bias', 'q.weight', 'v.weight', 'ce.weight'])
    params[name]!.data.fill(0);
  q.forEach((value, item) => {
    params['q.weight']!.data[item * 3 + 2] = value;
  });
  params['v.weight']!.data[2] = v;
  return tensors(params);
}

test('by hand: advantage, weight, TD target and expectile', () => {
  const agent = iql({ encoder: recencyPool({ width: 2, mlpWidth: 2 }), gamma: 0.5, expectile: 0.8, temperature: 2 });
  const params = biasesOnly(agent, [1, 2, 3], 0.5);
  const target = biasesOnly(agent, [1.5, 0, 9], 7);
  const histories = [int32([0, 1, 2, 3], [2, 2]), int32([2, 1])] as const;
  const batch = tensors({
    items: histories[0],
    length: histories[1],
    action: int32([0, 1]),
    reward: float32([1, 0.2]),
    done: float32([0, 1]),
    nextItems: histories[0],
    nextLength: histories[1],
  });
  const { terms } = agent.loss({
    params,
    target,
    batch,
    key: toTensor(int32([1, 2])),
    phase: 'train',
    frozen: {},
  });
  // A = Q' - V: 1.5 - 0.5 and 0 - 0.5. Weights exp(A / 2); all items are equally likely.
  const close = (actual: number[], wanted: number[]) => {
    for (const [i, x] of wanted.entries()) expect(actual[i]).toBeCloseTo(x, 5);
  };
  close(list(terms.ce), [Math.exp(0.5) * Math.log(3), Math.exp(-0.25) * Math.log(3)]);
  close(list(terms.td), [(1 + 0.5 * 0.5 - 1) ** 2 / 2, (0.2 - 2) ** 2 / 2]);
  close(list(terms.v), [0.8 * 1, 0.2 * 0.25]);
});
// #endregion by-hand

test('an agent takes 42 lines, imports and comments left out', () => {
  const source = readFileSync(new URL('iql.ts', import.meta.url), 'utf8');
  const code = source.replaceAll(/^import [\s\S]*?;$|\/\*[\s\S]*?\*\/|^ *\/\/.*$/gm, '');
  const lines = code.split('\n').filter((line) => line.trim());
  expect(lines[0]).toMatch(/^export interface IqlOptions/);
  expect(lines.at(-1)).toBe('});');
  expect(lines.length).toBeLessThanOrEqual(42);
});
