import { float32, int32, type Tensors, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { sasrec } from '../encoders/sasrec.ts';
import { historyValues } from '../testing/decisions.ts';
import { tensors } from '../testing/tensors.ts';
import type { GuidanceOptions } from './guidance.ts';
import { sa2c } from './sa2c.ts';
import { sac } from './sac.ts';
import { snqn } from './snqn.ts';
import { sqn } from './sqn.ts';
import { decisions, encoder, list, mean, scores, setUp, shape, value } from './testing.ts';

// One target of each row has weight: that is the action drawn.
const action = [6, 0, 5];
const reward = [0.7, -0.3, 2];
const augmented = tensors({
  targets: int32([6, 1, 2, 0, 5, 4], [3, 2]),
  targetWeights: float32([0.5, 0, 0, 2, 1, 0], [3, 2]),
  targetRewards: float32([0.7, 9, 9, -0.3, 2, 9], [3, 2]),
});
const gamma = 0.6;
const argmax = (row: readonly number[]) => row.indexOf(Math.max(...row));

const stateOf = (params: Tensors, history: readonly number[]) => {
  const { items, length } = tensors(historyValues([history], shape));
  return encoder.encode(params, { items: items!, length: length! }, { train: false, label: 'test' });
};
/** Values of all items after a history, by one of the networks. */
const valuesAfter = (params: Tensors, history: readonly number[]) =>
  scores(stateOf(params, history), params['q.weight'])[0]!;

/** R + gamma Q'(h, argmax Q(h, .)) of each row's augmented action, in plain numbers. */
function wantedTargets(params: Tensors, target: Tensors, bootstrap: GuidanceOptions['augmentedBootstrap']): number[] {
  return decisions.map(({ history }, i) => {
    const from = bootstrap === 'current' ? history : [...history, action[i]!];
    return reward[i]! + gamma * valuesAfter(target, from)[argmax(valuesAfter(params, from))]!;
  });
}

test.each(['next', 'current'] as const)('augmented actions bootstrap at the %s state, by hand', (bootstrap) => {
  const { run, params, target, batch } = setUp(sqn({ encoder, gamma, tdWeight: 3, augmentedBootstrap: bootstrap }));
  const plain = run();
  const { terms, metrics, loss } = run({ batch: { ...batch, ...augmented } });
  const y = wantedTargets(params, target, bootstrap);
  // The last decision is done: that cuts the logged target, not the augmented one.
  expect(decisions[2]!.done).toBe(true);
  const q = decisions.map(({ history }, i) => valuesAfter(params, history)[action[i]!]!);
  const td = y.map((wanted, i) => 0.5 * (wanted - q[i]!) ** 2);
  list(terms.yAugmented).forEach((x, i) => {
    expect(x).toBeCloseTo(y[i]!, 5);
    expect(list(terms.qAugmented)[i]).toBeCloseTo(q[i]!, 5);
    expect(list(terms.tdAugmented)[i]).toBeCloseTo(td[i]!, 5);
  });
  expect(value(metrics['loss/td_augmented'])).toBeCloseTo(mean(td), 5);
  expect(list(terms.td)).toEqual(list(plain.terms.td));
  expect(value(loss)).toBeCloseTo(mean(list(terms.ce)) + 3 * (mean(list(terms.td)) + mean(td)), 5);
});

test('next and current differ, and so do the windows of one appended and one dropped event', () => {
  const { params, target } = setUp(sqn({ encoder, gamma }));
  const [next, current] = (['next', 'current'] as const).map((at) => wantedTargets(params, target, at));
  next!.forEach((y, i) => {
    expect(Math.abs(y - current![i]!)).toBeGreaterThan(1e-4);
  });
});

test('several draws of a row: the mean of their squares', () => {
  const several = tensors({
    targets: int32([6, 1, 0, 5, 5, 4], [3, 2]),
    targetWeights: float32([1, 1, 1, 1, 1, 1], [3, 2]),
    targetRewards: float32([1, 2, 3, 4, 5, 6], [3, 2]),
  });
  const { run, params, target, batch } = setUp(sqn({ encoder, gamma, augmentedActions: 3 }));
  const { terms } = run({ batch: { ...batch, ...several } });
  const [q, y] = [list(terms.qAugmented), list(terms.yAugmented)];
  decisions.forEach(({ history }, i) => {
    const own = [0, 1].map((j) => {
      const item = list(several.targets)[2 * i + j]!;
      const from = [...history, item];
      const next = valuesAfter(target, from)[argmax(valuesAfter(params, from))]!;
      return [valuesAfter(params, history)[item]!, list(several.targetRewards)[2 * i + j]! + gamma * next] as const;
    });
    for (let j = 0; j < 3; j++) {
      const at = 3 * i + j;
      const drawn = own.find(([, target]) => Math.abs(target - y[at]!) < 1e-4);
      expect(drawn, `row ${i}, draw ${j}`).toBeDefined();
      expect(q[at]).toBeCloseTo(drawn![0], 5);
    }
    const squares = [0, 1, 2].map((j) => 0.5 * (y[3 * i + j]! - q[3 * i + j]!) ** 2);
    expect(list(terms.tdAugmented)[i]).toBeCloseTo(mean(squares), 5);
  });
});

test('a row without positive actions has no augmented term, and 0 draws leave the loss as it is', () => {
  const { run, batch } = setUp(snqn({ encoder, negatives: 2 }));
  const none = { ...augmented, targetWeights: tf.mul(augmented.targetWeights!, tf.tensor2d([[1], [0], [1]])) };
  expect(list(run({ batch: { ...batch, ...none } }).terms.tdAugmented)[1]).toBe(0);
  const { targetRewards: _, ...targets } = augmented;
  const unaware = value(run({ batch: { ...batch, ...targets } }).loss);
  const off = setUp(snqn({ encoder, negatives: 2, augmentedActions: 0 }));
  expect(value(off.run({ batch: { ...batch, ...augmented } }).loss)).toBe(unaware);
  expect(value(run({ batch: { ...batch, ...augmented } }).loss)).not.toBe(unaware);
  const listed = (actions: number) => 'targetRewards' in snqn({ encoder, augmentedActions: actions }).inputs(3, 4, 2, { targetRewards: true }); // biome-ignore format: one line
  expect([listed(0), listed(1)]).toEqual([false, true]);
  expect('targetRewards' in snqn({ encoder }).inputs(3, 4, 2)).toBe(false);
});

test('SNQN: the terms of logged and negative actions are as they were without augmented ones', () => {
  const { run, batch } = setUp(snqn({ encoder, negatives: 2, gamma }));
  const { targetRewards: _, ...targets } = augmented;
  const before = run({ batch: { ...batch, ...targets } }).terms;
  const after = run({ batch: { ...batch, ...augmented } }).terms;
  for (const name of ['td', 'tdNegative', 'qNegative', 'yNegative', 'y', 'ce']) {
    list(after[name]).forEach((x, i) => {
      expect(x).toBeCloseTo(list(before[name])[i]!, 6);
    });
  }
});

test('SA2C: the advantage is over the mean of logged, augmented and negative actions that count', () => {
  const { run, batch } = setUp(sa2c({ encoder, negatives: 2, weightClip: null }));
  // Negatives are [0, 1], [1, 5] and [6, 2]: that of 0 in row 1 would be its augmented action, that of row 2 has no weight.
  const weights = float32([0.5, 0, 0, 2, 0, 0], [3, 2]);
  const some = { ...batch, ...augmented, ...tensors({ targetWeights: weights, negatives: int32([0, 1, 0, 5, 6, 2], [3, 2]) }) }; // biome-ignore format: one line
  const { terms } = run({ batch: some });
  const [q, negative, positive] = [list(terms.q), list(terms.qNegative), list(terms.qAugmented)];
  const wanted = [
    q[0]! - (q[0]! + negative[0]! + negative[1]! + positive[0]!) / 4,
    q[1]! - (q[1]! + negative[3]! + positive[1]!) / 3,
    q[2]! - (q[2]! + negative[4]! + negative[5]!) / 3,
  ];
  list(terms.advantage).forEach((x, i) => {
    expect(x).toBeCloseTo(wanted[i]!, 6);
  });
});

test('SAC weighs by the value of the logged action alone', () => {
  const { run, batch } = setUp(sac({ encoder }));
  const { terms } = run({ batch: { ...batch, ...augmented } });
  expect(list(terms.weight)).toEqual(list(terms.q));
});

test('the gradient is that of finite differences, and none enters the target', () => {
  const { run, params, target, batch } = setUp(snqn({ encoder, negatives: 2, gamma }));
  const given = { ...batch, ...augmented };
  const loss = (of: Tensors) => value(run({ params: { ...params, ...of }, batch: given }).loss);
  for (const name of ['q.weight', 'emb.weight']) {
    const at = params[name]!;
    const { grads } = valueAndGrad((p) => ({ loss: run({ params: { ...params, ...p }, batch: given }).loss }), { [name]: at }); // biome-ignore format: one line
    const gradient = list(grads[name]);
    const step = 3e-4;
    for (let i = 0; i < at.size; i++) {
      const moved = (by: number) => {
        const data = Float32Array.from(at.dataSync());
        data[i]! += by;
        return loss({ [name]: tf.tensor(data, at.shape) });
      };
      const off = Math.abs((moved(step) - moved(-step)) / (2 * step) - gradient[i]!);
      expect(off, `${name}[${i}]`).toBeLessThan(0.01 * Math.max(1, Math.abs(gradient[i]!)));
    }
  }
  const { grads } = valueAndGrad((p) => ({ loss: run({ target: p, batch: given }).loss }), target);
  for (const [name, x] of Object.entries(grads)) expect(Math.max(...list(x).map(Math.abs)), name).toBe(0);
});

test('the value of an augmented action is pulled towards its target, whatever the other terms', () => {
  const { run, params, batch } = setUp(sqn({ encoder, gamma }));
  const of = (set: Tensors) => {
    const { grads } = valueAndGrad((p) => ({ loss: run({ params: { ...params, ...p }, batch: set }).loss }), { 'q.weight': params['q.weight']! }); // biome-ignore format: one line
    return list(grads['q.weight']);
  };
  const { targetRewards: _, ...targets } = augmented;
  const [without, pulled] = [of({ ...batch, ...targets }), of({ ...batch, ...augmented })];
  const { terms } = run({ batch: { ...batch, ...augmented } });
  // The bias of an item moves its value alike in every state: the gradient is (Q - y) / B.
  action.forEach((item, i) => {
    const gap = list(terms.qAugmented)[i]! - list(terms.yAugmented)[i]!;
    expect(pulled[item * 5 + 4]! - without[item * 5 + 4]!).toBeCloseTo(gap / 3, 5);
  });
});

test('passes with dropout: as many draws as wanted, finite, and equal for equal keys', () => {
  const { run, batch } = setUp(sqn({ encoder: sasrec({ width: 4, dropout: 0.5 }), augmentedActions: 4 }));
  const loss = (seed: number) => value(run({ seed, batch: { ...batch, ...augmented } }).loss);
  expect(loss(1)).toBe(loss(1));
  expect(loss(1)).not.toBe(loss(2));
});

test.each([-1, 0.5, '1' as never])('augmentedActions %o is refused', (augmentedActions) => {
  expect(() => sqn({ encoder, augmentedActions })).toThrow(/augmentedActions must be/);
  expect(() => snqn({ encoder, augmentedBootstrap: 'nxt' as never })).toThrow(/Did you mean "next"/);
});
