import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { sasrec } from '../encoders/sasrec.ts';
import { keyTensor } from '../testing/tensors.ts';
import { snqn } from './snqn.ts';
import { sqn } from './sqn.ts';
import { decisions, encoder, list, mean, scores, setUp, statesOf, surprise, value } from './testing.ts';

const argmax = (row: readonly number[]) => row.indexOf(Math.max(...row));

test('the loss by hand', () => {
  const { run, params, target, batch } = setUp(sqn({ encoder, gamma: 0.7, tdWeight: 3 }));
  const q = scores(statesOf(params, batch), params['q.weight']);
  const select = scores(statesOf(params, batch, 'next'), params['q.weight']);
  const next = scores(statesOf(target, batch, 'next'), target['q.weight']);
  const ce = surprise(params, batch);
  const rows = decisions.map(({ action, reward = 0, done }, i) => {
    const y = reward + (done ? 0 : 0.7 * next[i]![argmax(select[i]!)]!);
    return ce[i]! + (3 / 2) * (y - q[i]![action]!) ** 2;
  });
  expect(value(run().loss)).toBeCloseTo(mean(rows), 5);
});

test('the learning network selects, the target network values', () => {
  const { run, params, target, batch } = setUp(sqn({ encoder }));
  const select = scores(statesOf(params, batch, 'next'), params['q.weight']).map(argmax);
  const values = scores(statesOf(target, batch, 'next'), target['q.weight']);
  expect(select).not.toEqual(values.map(argmax));
  list(run().terms.qNext).forEach((v, i) => {
    expect(v).toBeCloseTo(values[i]![select[i]!]!, 5);
  });
});

test('done cuts the future of logged actions only', () => {
  const { run, batch } = setUp(snqn({ encoder, negatives: 2 }));
  const { terms } = run();
  const [, , y] = list(terms.y);
  expect(y).toBeCloseTo(0.2, 6);
  const all = run({ batch: { ...batch, done: tf.ones([3]) } }).terms;
  list(all.y).forEach((v, i) => {
    expect(v).toBeCloseTo(decisions[i]!.reward!, 6);
  });
  expect(list(all.yNegative)).toEqual(list(terms.yNegative));
});

test('SNQN: negatives bootstrap at the current state, their squares are summed', () => {
  const { run, params, target, batch } = setUp(snqn({ encoder, negatives: 2, negativeReward: -1 }));
  const q = scores(statesOf(params, batch), params['q.weight']);
  const current = scores(statesOf(target, batch), target['q.weight']);
  const { terms } = run();
  const drawn = list(batch.negatives);
  list(terms.tdNegative).forEach((td, i) => {
    const y = -1 + 0.5 * current[i]![argmax(q[i]!)]!;
    const squares = [0, 1].map((j) => 0.5 * (y - q[i]![drawn[2 * i + j]!]!) ** 2);
    expect(td).toBeCloseTo(squares[0]! + squares[1]!, 5);
  });
});

test('without a target network it says so', () => {
  const agent = sqn({ encoder });
  const { params, batch } = setUp(agent);
  const input = { params, batch, key: keyTensor(), phase: 'train', frozen: {} };
  expect(() => agent.loss(input)).toThrow(/target network/);
});

test('CQL adds its weighted penalty and nothing else', () => {
  const plain = setUp(sqn({ encoder })).run();
  const { run, params, batch } = setUp(sqn({ encoder, cqlWeight: 0.3 }));
  const { terms, metrics, loss } = run();
  const q = scores(statesOf(params, batch), params['q.weight']);
  const penalty = q.map((row, i) => {
    const sum = row.reduce((total, x) => total + Math.exp(x), 0);
    return Math.log(sum) - row[decisions[i]!.action]!;
  });
  list(terms.cql).forEach((x, i) => {
    expect(x).toBeCloseTo(penalty[i]!, 5);
  });
  expect(value(metrics['loss/cql'])).toBeCloseTo(mean(penalty), 5);
  expect(value(loss)).toBeCloseTo(value(plain.loss) + 0.3 * mean(penalty), 5);
  expect(plain.terms.cql).toBeUndefined();
});

test('the gradient of CQL pushes logged actions up and the others down', () => {
  const without = setUp(sqn({ encoder })).grads()['q.weight']!;
  const pushed = setUp(sqn({ encoder, cqlWeight: 1 })).grads()['q.weight']!;
  // The bias of an item moves its value alike in every state.
  const bias = Array.from({ length: 7 }, (_, item) => pushed[item * 5 + 4]! - without[item * 5 + 4]!);
  bias.forEach((g, item) => {
    if ([2, 3, 4].includes(item)) expect(g).toBeLessThan(0);
    else expect(g).toBeGreaterThan(0);
  });
});

test('BCQ with threshold 1 values the greedy action of the supervised head', () => {
  const { run, params, target, batch } = setUp(sqn({ encoder, bcqThreshold: 1 }));
  const favorite = scores(statesOf(params, batch, 'next'), params['ce.weight']).map(argmax);
  const values = scores(statesOf(target, batch, 'next'), target['q.weight']);
  list(run().terms.qNext).forEach((v, i) => {
    expect(v).toBeCloseTo(values[i]![favorite[i]!]!, 5);
  });
});

test('BCQ selects the best of the actions that are likely enough, never another', () => {
  const { params, target, batch } = setUp(sqn({ encoder }));
  const policy = scores(statesOf(params, batch, 'next'), params['ce.weight']);
  const q = scores(statesOf(params, batch, 'next'), params['q.weight']);
  const values = scores(statesOf(target, batch, 'next'), target['q.weight']);
  for (const bcqThreshold of [0.1, 0.5, 0.9]) {
    const { terms } = setUp(sqn({ encoder, bcqThreshold })).run();
    list(terms.qNext).forEach((v, i) => {
      const top = Math.max(...policy[i]!);
      const allowed = q[i]!.map((x, item) => (Math.exp(policy[i]![item]! - top) >= bcqThreshold ? x : -Infinity));
      expect(v, `${bcqThreshold}, row ${i}`).toBeCloseTo(values[i]![argmax(allowed)]!, 5);
    });
  }
  const count = (bcqThreshold: number) =>
    policy.flatMap((row) => row.filter((x) => Math.exp(x - Math.max(...row)) >= bcqThreshold)).length;
  expect(count(0.9)).toBeLessThan(count(0.1));
});

test('targets: what each kind asks of the trainer', () => {
  expect(sqn({ encoder })).toMatchObject({ networks: 2, target: 'coin', tau: 0, copyEvery: 0 });
  expect(sqn({ encoder, target: 'polyak', tau: 0.05 })).toMatchObject({
    networks: 1,
    target: 'polyak',
    tau: 0.05,
    copyEvery: 0,
  });
  expect(sqn({ encoder, target: 'copy', copyEvery: 20 })).toMatchObject({
    networks: 1,
    target: 'copy',
    tau: 0,
    copyEvery: 20,
  });
  expect(() => sqn({ encoder, target: 'copy', copyEvery: 0 })).toThrow(/copyEvery must be a whole number/);
  expect(() => sqn({ encoder, target: 'polyac' as never })).toThrow(/Did you mean "polyak"/);
});

test('a target that equals the learning network gives the values of that network', () => {
  const agent = sqn({ encoder, target: 'copy' });
  const { run, params, batch } = setUp(agent);
  const values = scores(statesOf(params, batch, 'next'), params['q.weight']);
  list(run({ target: params as Tensors }).terms.qNext).forEach((v, i) => {
    expect(v).toBeCloseTo(Math.max(...values[i]!), 5);
  });
});

test('targetDropout: targets with masks of their own in every step, or without any', () => {
  const values = (targetDropout: boolean) => {
    const { run } = setUp(sqn({ encoder: sasrec({ width: 4, dropout: 0.5 }), targetDropout }));
    return [0, 1].map((seed) => list(run({ seed }).terms.qNext));
  };
  const [first, second] = values(true);
  expect(first).not.toEqual(second);
  const [quiet, same] = values(false);
  expect(same).toEqual(quiet);
  list(setUp(sqn({ encoder })).run().terms.qNext).forEach((v, i) => {
    expect(quiet![i]).toBeCloseTo(v, 6);
  });
});
