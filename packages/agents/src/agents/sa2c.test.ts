import { stopGradient, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { sa2c } from './sa2c.ts';
import { snqn } from './snqn.ts';
import { decisions, encoder, list, setUp, surprise, value } from './testing.ts';

test('SNQN while warming up, then each row by its own clipped advantage', () => {
  const { run } = setUp(sa2c({ encoder, negatives: 2, weightClip: [0, 0.01] }));
  const plain = setUp(snqn({ encoder, negatives: 2 })).run();
  expect(value(run({ phase: 'warmup' }).loss)).toBe(value(plain.loss));
  const { terms, metrics } = run();
  const advantages = list(terms.q).map((q, i) => {
    const [a, b] = list(terms.qNegative).slice(2 * i);
    return q - (q + a! + b!) / 3;
  });
  list(terms.weight).forEach((w, i) => {
    expect(w).toBeCloseTo(Math.min(Math.max(advantages[i]!, 0), 0.01), 6);
    expect(list(terms.ce)[i]!).toBeCloseTo(w * list(plain.terms.ce)[i]!, 5);
  });
  const clipped = advantages.filter((a) => a < 0 || a > 0.01).length / 3;
  expect(value(metrics['advantage/clipped_share'])).toBeCloseTo(clipped, 6);
});

test('smoothing: the weight times clip(policy / share in the log, 0.1, 10)^smoothing', () => {
  // Actions 2, 4, 3: one far too rare, one far too frequent, one in between.
  const shares = [0.1, 0.1, 0.001, 0.2, 0.999, 0.1, 0.1];
  const logFrequency = tf.log(tf.tensor1d(shares)) as tf.Tensor;
  const options = { negatives: 2, weightClip: [0.5, 10] } as const;
  const frozen = { logFrequency };
  const { run, params, batch } = setUp(sa2c({ encoder, ...options, correctionPower: 0.5 }), frozen);
  const plain = list(setUp(sa2c({ encoder, ...options })).run().terms.weight);
  const raw = surprise(params, batch).map((nll, i) => Math.exp(-nll) / shares[decisions[i]!.action]!);
  expect(raw[0]).toBeGreaterThan(10);
  const ratios = raw.map((x) => Math.min(Math.max(x, 0.1), 10));
  list(run().terms.weight).forEach((w, i) => {
    expect(w).toBeCloseTo(plain[i]! * Math.sqrt(ratios[i]!), 4);
  });
  expect(sa2c({ encoder, correctionPower: 1 }).frozen).toEqual(['logFrequency']);
  expect(sa2c({ encoder }).frozen).toEqual([]);
  expect(() => sa2c({ encoder, correctionPower: 1, loss: 'gbce' })).toThrow(/full softmax/);
});

test('the policy of the correction includes the memory that joins it', () => {
  const logFrequency = tf.log(tf.fill([7], 1 / 7)) as tf.Tensor;
  const { run, batch } = setUp(sa2c({ encoder, weightClip: null, correctionPower: 1 }), { logFrequency });
  // A memory that is sure of the logged actions: pi is 1, and 1 / (1 / 7) is 7.
  const offsets = tf.mul(tf.oneHot(batch.action as tf.Tensor1D, 7), tf.scalar(40));
  const { weight, advantage } = run({ batch: { ...batch, offsets } }).terms;
  for (const [i, own] of list(weight).entries()) expect(own).toBeCloseTo(7 * list(advantage)[i]!, 5);
});

test('no gradient enters the target, the selection, the advantage or the correction', () => {
  const logFrequency = tf.fill([7], -2);
  const agent = sa2c({ encoder, negatives: 2, weightClip: null, correctionPower: 1 });
  const { params, target, run } = setUp(agent, { logFrequency });
  const { grads, aux } = valueAndGrad((p) => ({ loss: run({ params: { ...params, ...p } }).loss, aux: run().terms }), {
    'q.weight': params['q.weight']!,
  });
  // By hand: only the squares depend on Q.
  const y = aux.y!;
  const yNegative = aux.yNegative!;
  const { grads: wanted } = valueAndGrad(
    (p) => {
      const { terms } = run({ params: { ...params, ...p } });
      const logged = tf.square(tf.sub(stopGradient(y), terms.q!));
      const others = tf.sum(tf.square(tf.sub(tf.expandDims(stopGradient(yNegative), 1), terms.qNegative!)), 1);
      return { loss: tf.mul(tf.mean(tf.add(logged, others)), tf.scalar(0.5)) };
    },
    { 'q.weight': params['q.weight']! },
  );
  list(grads['q.weight']).forEach((g, i) => {
    expect(g).toBeCloseTo(list(wanted['q.weight'])[i]!, 6);
  });
  const { grads: none } = valueAndGrad((p) => ({ loss: run({ target: { ...target, ...p } }).loss }), { ...target });
  for (const [name, g] of Object.entries(none)) expect(Math.max(...list(g).map(Math.abs)), name).toBe(0);
});

test('phases', () => {
  expect(sa2c({ encoder, lr: 0.005 }).phases).toEqual([
    { name: 'warmup', optimizer: { lr: 0.005 }, start: 'last', steps: 'early-stopping' },
    { name: 'advantage', optimizer: { lr: 0.001 }, start: 'best', steps: 'early-stopping' },
  ]);
  expect(sa2c({ encoder, warmup: 100 }).phases.map(({ start, steps }) => [start, steps])).toEqual([
    ['last', 100],
    ['last', 'early-stopping'],
  ]);
  for (const warmup of [0, 0.5])
    expect(() => sa2c({ encoder, warmup })).toThrow(/whole number of updates of at least 1, or/);
});

test.each([
  [[1, 0]],
  [[0, Infinity]],
  [[0, null]],
  [[0, Number.NaN]],
  [[0, 1, 2]],
  [[0]],
  [['0', '1']],
  [0],
  [false],
  ['ab'],
  [{}],
])('weightClip %j is refused: two finite numbers in order, or null', (clip) => {
  expect(() => sa2c({ encoder, weightClip: clip as never })).toThrow(/null or two finite numbers, low <= high/);
});

test('cures by phase: the rate of that phase, and bounds where there are none', () => {
  const divergenceHints = (weightClip: readonly [number, number] | null) =>
    sa2c({ encoder, weightClip }).divergenceHints;
  const rate = (hint: string | undefined) => /\blr\b|secondPhaseLr/.exec(hint!)?.[0];
  for (const part of ['loss', 'loss/ce', 'loss/td', 'q/mean']) {
    expect(rate(divergenceHints([0, 10])[part])).toBe('lr');
    expect(rate(divergenceHints([0, 10])[`advantage/${part}`])).toBe('secondPhaseLr');
  }
  for (const clip of [null, [-1, 1]] as const)
    expect(divergenceHints(clip)['advantage/loss/ce']).toMatch(/lower bound of weightClip to 0/);
  expect(divergenceHints(null)['loss/ce']).not.toMatch(/weightClip/);
});
