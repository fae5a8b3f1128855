import { expect, test } from 'vitest';
import { ce } from './ce.ts';
import { proxy } from './proxy.ts';
import { decisions, encoder, list, mean, scores, setUp, statesOf, value } from './testing.ts';

test.each([
  ['reward', decisions.map(({ reward }) => reward!)],
  ['constant', [1, 1, 1]],
  ['length', decisions.map(({ history }) => Math.min(Math.max(history.length, 1), 4) / 4)],
] as const)('%s: a squared error beside the cross entropy, by hand', (auxiliaryTarget, wanted) => {
  const { run, params, batch } = setUp(proxy({ encoder, auxiliaryTarget, auxiliaryWeight: 3 }));
  const guess = scores(statesOf(params, batch), params['q.weight']).map((row, i) => row[decisions[i]!.action]!);
  const squares = guess.map((g, i) => 0.5 * (wanted[i]! - g) ** 2);
  const { loss, metrics, terms } = run();
  list(terms.proxy).forEach((x, i) => {
    expect(x).toBeCloseTo(squares[i]!, 5);
  });
  const supervised = value(setUp(ce({ encoder })).run().loss);
  expect(value(metrics['loss/ce'])).toBeCloseTo(supervised, 5);
  expect(value(loss)).toBeCloseTo(supervised + 3 * mean(squares), 5);
  expect(value(metrics['proxy/mean'])).toBeCloseTo(mean(guess), 5);
});

test('noise: targets in [0, 1), others in every step, the same for the same key', () => {
  const { run, params, batch } = setUp(proxy({ encoder, auxiliaryTarget: 'noise' }));
  const guess = scores(statesOf(params, batch), params['q.weight']).map((row, i) => row[decisions[i]!.action]!);
  const square = (seed: number) => list(run({ seed }).terms.proxy);
  square(0).forEach((x, i) => {
    const bounds = [guess[i]! ** 2 / 2, (1 - guess[i]!) ** 2 / 2];
    const inside = guess[i]! > 0 && guess[i]! < 1;
    expect(x).toBeLessThanOrEqual(Math.max(...bounds) + 1e-6);
    expect(x).toBeGreaterThanOrEqual(inside ? 0 : Math.min(...bounds) - 1e-6);
  });
  expect(square(0)).toEqual(square(0));
  expect(square(0)).not.toEqual(square(1));
});

test('one network, no target; reads rewards only where it learns them', () => {
  expect(proxy({ encoder })).toMatchObject({ networks: 1, target: 'none' });
  expect(Object.keys(proxy({ encoder }).inputs(3, 4))).toEqual(['items', 'length', 'action', 'reward']);
  expect(Object.keys(proxy({ encoder, auxiliaryTarget: 'constant' }).inputs(3, 4))).toEqual([
    'items',
    'length',
    'action',
  ]);
  expect(() => proxy({ encoder, auxiliaryTarget: 'rewards' as never })).toThrow(/Did you mean "reward"/);
});
