import { key } from '@lea/core';
import type { Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { mixtureWeights } from '../losses/ensemble.ts';
import { keyTensor } from '../testing/tensors.ts';
import { sac } from './sac.ts';
import { decisions, encoder, list, mean, scores, setUp, shape, statesOf, surprise, value } from './testing.ts';
import { type VpqOptions, vpq } from './vpq.ts';

const qHeads = 3;
const width = 5;

/** Values [head][row][item] of an ensemble. */
function ensemble(params: Tensors, states: tf.Tensor): number[][][] {
  const weight = tf.reshape(params['q.weight']!, [shape.items, qHeads, width]);
  return Array.from({ length: qHeads }, (_, k) =>
    scores(states, tf.reshape(tf.slice(weight, [0, k, 0], [-1, 1, -1]), [shape.items, width])),
  );
}

const stdOf = (x: readonly number[]) => Math.sqrt(mean(x.map((v) => (v - mean(x)) ** 2)));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

test.each([
  ['ratio', (q: number, std: number) => q / (1 + 4 * std)],
  ['difference', (q: number, std: number) => q - 4 * std],
] as const)('%s: targets and loss by hand', (penaltyForm, penalize) => {
  const agent = vpq({ encoder, qHeads, uncertaintyPenalty: 4, penaltyForm });
  const { run, params, target, batch } = setUp(agent);
  const mixture = list(mixtureWeights(keyTensor(0), qHeads));
  const now = ensemble(params, statesOf(params, batch));
  const select = ensemble(params, statesOf(params, batch, 'next'));
  const next = ensemble(target, statesOf(target, batch, 'next'));
  const { terms, metrics, loss } = run();
  const ce = surprise(params, batch);
  const rows = decisions.map(({ action, reward = 0, done }, i) => {
    const each = (all: number[][][], item: number) => all.map((head) => head[i]![item]!);
    const items = Array.from({ length: shape.items }, (_, item) => each(select, item));
    const selected = items.map((qs) => penalize(mean(qs), stdOf(qs)));
    const best = each(next, selected.indexOf(Math.max(...selected)));
    const worth = penalize(dot(best, mixture), stdOf(best));
    const q = dot(each(now, action), mixture);
    const td = 0.5 * (reward + (done ? 0 : 0.5 * worth) - q) ** 2;
    expect(list(terms.q)[i]).toBeCloseTo(q, 5);
    expect(list(terms.qNext)[i]).toBeCloseTo(worth, 5);
    expect(list(terms.td)[i]).toBeCloseTo(td, 5);
    expect(list(terms.weight)[i]).toBeCloseTo(q, 5);
    return { loss: q * ce[i]! + td, std: stdOf(each(now, action)) };
  });
  expect(value(loss)).toBeCloseTo(mean(rows.map((row) => row.loss)), 5);
  expect(value(metrics['q/std'])).toBeCloseTo(mean(rows.map((row) => row.std)), 5);
});

test('the penalty changes targets, not predictions', () => {
  const terms = (uncertaintyPenalty: number) => setUp(vpq({ encoder, qHeads, uncertaintyPenalty })).run().terms;
  expect(list(terms(0).q)).toEqual(list(terms(20).q));
  expect(list(terms(0).qNext)).not.toEqual(list(terms(20).qNext));
});

test('the mixture is drawn anew for every step; convex, the same for both networks', () => {
  const weights = [1, 2, 3].map((seed) => list(mixtureWeights(keyTensor(seed), 15)));
  for (const w of weights) {
    expect(w.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(Math.min(...w)).toBeGreaterThanOrEqual(0);
  }
  expect(weights[0]).not.toEqual(weights[1]);
  const { run, params, batch } = setUp(vpq({ encoder, qHeads, uncertaintyPenalty: 0 }));
  expect(list(run({ seed: 1 }).terms.q)).not.toEqual(list(run({ seed: 2 }).terms.q));
  // Against itself as target, without penalty: the value of the mean's greedy action under the mixture of this step.
  const after = ensemble(params, statesOf(params, batch, 'next'));
  const mixture = list(mixtureWeights(keyTensor(5), qHeads));
  list(run({ target: params, seed: 5 }).terms.qNext).forEach((v, i) => {
    const means = after[0]![i]!.map((_, item) => mean(after.map((head) => head[i]![item]!)));
    const best = means.indexOf(Math.max(...means));
    const mine = after.map((head) => head[i]![best]!);
    expect(v).toBeCloseTo(dot(mine, mixture), 5);
  });
});

test.each([
  { uncertaintyPenalty: 0 },
  { uncertaintyPenalty: 10 },
  { uncertaintyPenalty: 10, penaltyForm: 'difference' },
] as Partial<VpqOptions>[])('an ensemble of one with %o is SAC', (options) => {
  const shared = { cqlWeight: 0.2, bcqThreshold: 0.3, gamma: 0.9 };
  const one = setUp(vpq({ encoder, qHeads: 1, ...options, ...shared }));
  const theirs = setUp(sac({ encoder, ...shared }));
  expect(list(one.params['q.weight'])).toEqual(list(theirs.params['q.weight']));
  expect(value(one.run().loss)).toBeCloseTo(value(theirs.run().loss), 5);
  const [mine, wanted] = [one.grads(), theirs.grads()];
  for (const [name, g] of Object.entries(wanted)) {
    g.forEach((x, i) => {
      expect(mine[name]![i], name).toBeCloseTo(x, 5);
    });
  }
});

test('CQL is the penalty of the mixture; BCQ filters what the mean of the heads selects', () => {
  const { run, params, batch, target } = setUp(
    vpq({ encoder, qHeads, uncertaintyPenalty: 0, cqlWeight: 0.1, bcqThreshold: 1 }),
  );
  const mixture = list(mixtureWeights(keyTensor(0), qHeads));
  const now = ensemble(params, statesOf(params, batch));
  const next = ensemble(target, statesOf(target, batch, 'next'));
  const policy = scores(statesOf(params, batch, 'next'), params['ce.weight']);
  const { terms } = run();
  decisions.forEach(({ action }, i) => {
    const q = now[0]![i]!.map((_, item) =>
      dot(
        now.map((head) => head[i]![item]!),
        mixture,
      ),
    );
    const sum = q.reduce((total, x) => total + Math.exp(x), 0);
    expect(list(terms.cql)[i]).toBeCloseTo(Math.log(sum) - q[action]!, 5);
    const favorite = policy[i]!.indexOf(Math.max(...policy[i]!));
    const worth = dot(
      next.map((head) => head[i]![favorite]!),
      mixture,
    );
    expect(list(terms.qNext)[i]).toBeCloseTo(worth, 5);
  });
});

test('with candidates: shared ones and ones per row agree, and equal the whole catalog when they are it', () => {
  const options = { qHeads, loss: 'gbce', sampledItems: shape.items, cqlWeight: 0.1 } as const;
  const { run, batch } = setUp(vpq({ encoder, ...options }));
  const all = tf.range(0, shape.items, 1, 'int32');
  const shared = run({ batch: { ...batch, candidates: all } });
  const own = run({ batch: { ...batch, candidates: tf.tile(tf.expandDims(all, 0), [3, 1]) } });
  const whole = setUp(vpq({ encoder, qHeads, cqlWeight: 0.1 })).run();
  for (const name of ['q', 'qNext', 'td']) {
    list(whole.terms[name]).forEach((x, i) => {
      expect(list(shared.terms[name])[i], name).toBeCloseTo(x, 5);
      expect(list(own.terms[name])[i], name).toBeCloseTo(x, 5);
    });
  }
  const few = run({ batch: { ...batch, candidates: tf.tensor1d([6, 0], 'int32') } });
  const next = ensemble(
    setUp(vpq({ encoder, ...options })).target,
    statesOf(setUp(vpq({ encoder, ...options })).target, batch, 'next'),
  );
  const mixture = list(mixtureWeights(keyTensor(0), qHeads));
  list(few.terms.qNext).forEach((v, i) => {
    const worths = [6, 0].map((item) => {
      const each = next.map((head) => head[i]![item]!);
      return dot(each, mixture) / (1 + 10 * stdOf(each));
    });
    expect(Math.min(...worths.map((w) => Math.abs(w - v)))).toBeLessThan(1e-5);
  });
});

test('as ranking head it is the mean of the heads', () => {
  const agent = vpq({ encoder, qHeads, rankingHead: 'q' });
  const { params, batch } = setUp(agent);
  const now = ensemble(params, statesOf(params, batch));
  const ranked = agent.score(params, { items: batch.items!, length: batch.length! }).arraySync();
  ranked.forEach((row, i) => {
    row.forEach((x, item) => {
      expect(x).toBeCloseTo(mean(now.map((head) => head[i]![item]!)), 5);
    });
  });
});

test('an item has one row with all heads, biases zero at first', () => {
  const weight = vpq({ encoder }).init(key(1), shape)['q.weight']!;
  expect(weight.shape).toEqual([7, 15 * 5]);
  for (let i = 4; i < weight.data.length; i += 5) expect(weight.data[i]).toBe(0);
  expect(new Set(weight.data).size).toBeGreaterThan(7 * 15 * 4 - 5);
});

test('options out of range are refused', () => {
  expect(() => vpq({ encoder, qHeads: 0 })).toThrow(/qHeads must be a whole number/);
  expect(() => vpq({ encoder, uncertaintyPenalty: -1 })).toThrow(/uncertaintyPenalty must be a finite number/);
  expect(() => vpq({ encoder, penaltyForm: 'minus' as never })).toThrow(/invalid value for penaltyForm/);
});
