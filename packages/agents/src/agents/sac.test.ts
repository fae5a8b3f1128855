import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { type SacOptions, sac } from './sac.ts';
import { sqn } from './sqn.ts';
import { encoder, list, mean, setUp, surprise, value } from './testing.ts';

/** Parameters under which logged actions have values of both signs. */
function withBothSigns(options: Partial<SacOptions> = {}) {
  const step = setUp(sac({ encoder, ...options }));
  const shift = tf.tensor2d(
    [0, 0, -1, 1, 2, 0, 0].flatMap((x) => [0, 0, 0, 0, x]),
    [7, 5],
  );
  return { ...step, params: { ...step.params, 'q.weight': tf.add(step.params['q.weight']!, shift) } };
}

test('SQN while warming up', () => {
  const { run } = setUp(sac({ encoder }));
  expect(value(run({ phase: 'warmup' }).loss)).toBe(value(setUp(sqn({ encoder })).run().loss));
});

test('then each row is weighted by the value of its own action', () => {
  const { run, params, batch } = withBothSigns();
  const { terms, metrics, loss } = run({ params });
  const ce = surprise(params, batch);
  const q = list(terms.q);
  expect(list(terms.weight)).toEqual(q);
  list(terms.ce).forEach((x, i) => {
    expect(x).toBeCloseTo(q[i]! * ce[i]!, 5);
  });
  expect(value(loss)).toBeCloseTo(mean(list(terms.ce)) + mean(list(terms.td)), 5);
  expect(value(metrics['weight/mean'])).toBeCloseTo(mean(q), 6);
  const negative = q.filter((x) => x < 0).length / 3;
  expect(negative).toBeGreaterThan(0);
  expect(value(metrics['weight/negative_share'])).toBeCloseTo(negative, 6);
});

test('weightClip: negative values weigh nothing, others as before', () => {
  const { run, params } = withBothSigns({ weightClip: [0, 1e9] });
  const { terms, metrics } = run({ params });
  const q = list(terms.q);
  expect(list(terms.weight)).toEqual(q.map((x) => Math.max(x, 0)));
  expect(value(metrics['weight/negative_share'])).toBeGreaterThan(0);
  const target = list(withBothSigns().run({ params }).terms.y);
  expect(list(terms.y)).toEqual(target);
});

test('no gradient flows through the weight', () => {
  const whole = setUp(sac({ encoder })).grads()['q.weight']!;
  const tdOnly = setUp(sqn({ encoder })).grads()['q.weight']!;
  whole.forEach((g, i) => {
    expect(g).toBeCloseTo(tdOnly[i]!, 6);
  });
});

test('warmup: by validation, by a number of updates, or none', () => {
  const phases = (options: Partial<SacOptions>) =>
    sac({ encoder, ...options }).phases.map(({ name, start, steps, optimizer }) => [name, start, steps, optimizer.lr]);
  expect(phases({ lr: 0.005 })).toEqual([
    ['warmup', 'last', 'early-stopping', 0.005],
    ['actor', 'best', 'early-stopping', 0.001],
  ]);
  expect(phases({ warmup: 30 })).toEqual([
    ['warmup', 'last', 30, 0.001],
    ['actor', 'last', 'early-stopping', 0.001],
  ]);
  expect(phases({ warmup: 0, lr: 0.002, secondPhaseLr: 0.3 })).toEqual([['actor', 'last', 'early-stopping', 0.002]]);
  for (const warmup of [-1, 0.5])
    expect(() => sac({ encoder, warmup })).toThrow(/whole number of updates of at least 0, or/);
  expect(() => sac({ encoder, weightClip: 1 as never })).toThrow(/weightClip must be null or two finite numbers/);
});

test('cures by phase: weightClip and warmup where they would help, else the rate of that phase', () => {
  const divergenceHints = (options: Partial<SacOptions>) => sac({ encoder, ...options }).divergenceHints;
  for (const part of ['loss', 'loss/ce', 'loss/td', 'q/mean']) {
    expect(divergenceHints({})[part]).toMatch(/\blr\b/);
    expect(divergenceHints({})[part]).not.toMatch(/weightClip|warmup|secondPhaseLr/);
    expect(divergenceHints({ weightClip: [0, 10] })[`actor/${part}`]).toMatch(/secondPhaseLr/);
    expect(divergenceHints({ weightClip: [0, 10] })[`actor/${part}`]).not.toMatch(/weightClip|warmup/);
  }
  for (const part of ['actor/loss/ce', 'actor/weight/mean']) {
    expect(divergenceHints({})[part]).toMatch(/lower bound of weightClip to 0, or lower secondPhaseLr/);
    expect(divergenceHints({ warmup: 0 })[part]).toMatch(
      /lower bound of weightClip to 0, or warmup to "early-stopping", or lower lr/,
    );
  }
});
