import { key } from '@lea/core';
import { float32, int32, stopGradient, type Tensors, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { sasrec } from '../encoders/sasrec.ts';
import { agentConfig, agentTypes, createAgent, defineAgent, defineEncoder, encoderTypes } from '../registry.ts';
import { batchValues, type Decision, keyTensor, tensors } from '../testing.ts';
import type { Agent, Encoder } from '../types.ts';
import { ce } from './ce.ts';
import { sa2c } from './sa2c.ts';
import { snqn } from './snqn.ts';
import { sqn } from './sqn.ts';

const shape = { items: 7, window: 4 };
const encoder = sasrec({ size: 4, dropout: 0 });
const decisions: Decision[] = [
  { history: [], action: 2, reward: 0.2 },
  { history: [1, 2, 3], action: 4, reward: 1 },
  { history: [5, 6, 0, 1, 2], action: 3, reward: 0.2, done: true },
];
const negatives = int32([0, 1, 1, 5, 6, 2], [3, 2]);

function setUp(agent: Agent, extra: Tensors = {}) {
  const params = tensors(agent.init(key(1), shape));
  const target = tensors(agent.init(key(2), shape));
  const batch = { ...tensors({ ...batchValues(decisions, shape), negatives }), ...extra };
  const phase = agent.phases.at(-1)!.name;
  const run = (p: Tensors = params, b: Tensors = batch, t: Tensors = target, seed = 0) =>
    agent.loss({ params: p, target: t, batch: b, key: keyTensor(seed), phase, frozen: {} });
  return { params, target, batch, run };
}
const list = (x: tf.Tensor | undefined) => Array.from(x!.dataSync());
const value = (x: tf.Tensor | undefined) => list(x)[0]!;

const factories = { ce, sqn, snqn, sa2c };

describe.each(Object.entries(factories))('%s', (name, make) => {
  const agent = make()(encoder);

  test('comes back from its JSON', () => {
    const again = createAgent(JSON.parse(JSON.stringify(agentConfig(agent))));
    expect(agentConfig(again)).toEqual(agentConfig(agent));
    expect(agentConfig(agent)).toMatchObject({ type: name, encoder: { type: 'sasrec', size: 4 } });
  });

  test('the same key gives the same weights, another key others', () => {
    expect(agent.init(key(1), shape)).toEqual(agent.init(key(1), shape));
    expect(agent.init(key(1), shape)).not.toEqual(agent.init(key(2), shape));
  });

  test('the loss reads what inputs lists, and no more', () => {
    const { params, target, batch } = setUp(agent);
    const specs = agent.inputs(3, shape.window);
    const named = Object.fromEntries(Object.keys(specs).map((n) => [n, batch[n]!]));
    for (const [n, spec] of Object.entries(specs)) expect(named[n]!.shape, n).toEqual(spec.shape);
    const run = () =>
      agent.loss({ params, target, batch: named, key: keyTensor(), phase: agent.phases[0]!.name, frozen: {} });
    expect(Number.isFinite(value(run().loss))).toBe(true);
    expect(agent.inputs(3, 4, 5)).toMatchObject({ targets: { shape: [3, 5] }, targetWeights: { shape: [3, 5] } });
  });

  test('rows of a batch do not see each other: the loss is their mean', () => {
    const { params, target, batch, run } = setUp(agent);
    const whole = value(run().loss);
    const single = decisions.map((_, i) => {
      const one = Object.fromEntries(Object.entries(batch).map(([n, x]) => [n, tf.slice(x, i, 1)]));
      return value(run(params, one, target).loss);
    });
    expect(whole).toBeCloseTo(single.reduce((a, b) => a + b) / 3, 5);
  });

  test('no tensor is left behind, every metric is a finite scalar', () => {
    const { run } = setUp(agent);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const { metrics } = run();
      for (const [n, x] of Object.entries(metrics)) {
        expect(x.shape, n).toEqual([]);
        expect(Number.isFinite(value(x)), n).toBe(true);
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('extra targets add their weighted cross entropy', () => {
    const targets = {
      targets: int32([3, 3, 0, 1, 5, 5], [3, 2]),
      targetWeights: float32([0.5, 0, 1, 1, 0, 2], [3, 2]),
    };
    const { run, params, batch } = setUp(ce()(encoder));
    const without = list(run().terms.ce);
    const withTargets = list(run(params, { ...batch, ...tensors(targets) }).terms.ce);
    const scores = agent.score(params, { items: batch.items!, length: batch.length! });
    const nll = tf.neg(tf.logSoftmax(scores)).arraySync() as number[][];
    const added = [0.5 * nll[0]![3]!, nll[1]![0]! + nll[1]![1]!, 2 * nll[2]![5]!];
    for (let i = 0; i < 3; i++) expect(withTargets[i]!).toBeCloseTo(without[i]! + added[i]!, 4);
  });

  test('misspelt options are refused', () => {
    expect(() => createAgent({ type: name, lrr: 1, encoder: { type: 'sasrec' } })).toThrow(/Did you mean "lr"/);
    expect(() => createAgent({ type: name, lr: '0.1', encoder: { type: 'sasrec' } })).toThrow(/lr must be a number/);
  });
});

test('SQN: done cuts the future of logged actions only', () => {
  const { run, params, batch } = setUp(snqn({ negatives: 2 })(encoder));
  const { terms } = run();
  const [, , y] = list(terms.y);
  expect(y).toBeCloseTo(0.2, 6);
  const all = run(params, { ...batch, done: tf.ones([3]) }).terms;
  list(all.y).forEach((v, i) => {
    expect(v).toBeCloseTo(decisions[i]!.reward!, 6);
  });
  expect(list(all.yNegative)).toEqual(list(terms.yNegative));
});

test('the learning network selects, the target network values', () => {
  const { run, params, target, batch } = setUp(sqn()(encoder));
  const states = encoder.encode(
    target,
    { items: batch.nextItems!, length: batch.nextLength! },
    { train: false, label: 's' },
  );
  const ones = tf.ones([3, 1]);
  const at = (p: Tensors, s: tf.Tensor2D) =>
    tf
      .matMul(tf.concat([s, ones as tf.Tensor2D], 1), p['q.weight'] as tf.Tensor2D, false, true)
      .arraySync() as number[][];
  const mainStates = encoder.encode(
    params,
    { items: batch.nextItems!, length: batch.nextLength! },
    { train: false, label: 's' },
  );
  const select = at(params, mainStates).map((row) => row.indexOf(Math.max(...row)));
  const values = at(target, states);
  list(run().terms.qNext).forEach((v, i) => {
    expect(v).toBeCloseTo(values[i]![select[i]!]!, 5);
  });
});

test('a TD agent without a target network says so', () => {
  const agent = sqn()(encoder);
  const { params, batch } = setUp(agent);
  expect(() => agent.loss({ params, batch, key: keyTensor(), phase: 'train', frozen: {} })).toThrow(/target network/);
});

test('no gradient enters the target, the selection or the advantage', () => {
  const agent = sa2c({ negatives: 2, advantageClip: null })(encoder);
  const { params, target, batch, run } = setUp(agent);
  const { grads, aux } = valueAndGrad((p) => ({ loss: run({ ...params, ...p }).loss, aux: run().terms }), {
    'q.weight': params['q.weight']!,
  });
  // By hand: only the squares depend on Q.
  const y = aux.y!;
  const yNegative = aux.yNegative!;
  const { grads: wanted } = valueAndGrad(
    (p) => {
      const { terms } = run({ ...params, ...p });
      const logged = tf.square(tf.sub(stopGradient(y), terms.q!));
      const others = tf.sum(tf.square(tf.sub(stopGradient(yNegative).expandDims(1), terms.qNegative!)), 1);
      return { loss: tf.mul(tf.mean(tf.add(logged, others)), tf.scalar(0.5)) };
    },
    { 'q.weight': params['q.weight']! },
  );
  list(grads['q.weight']).forEach((g, i) => {
    expect(g).toBeCloseTo(list(wanted['q.weight'])[i]!, 6);
  });
  const { grads: none } = valueAndGrad((p) => ({ loss: run(params, batch, { ...target, ...p }).loss }), { ...target });
  for (const [name, g] of Object.entries(none)) expect(Math.max(...list(g).map(Math.abs)), name).toBe(0);
});

test('SA2C: SNQN while warming up, then each row by its own clipped advantage', () => {
  const options = { negatives: 2 };
  const agent = sa2c({ ...options, advantageClip: [0, 0.01] })(encoder);
  const { params, target, batch, run } = setUp(agent);
  const key0 = keyTensor();
  const warm = agent.loss({ params, target, batch, key: key0, phase: 'warmup', frozen: {} });
  const plain = snqn(options)(encoder).loss({ params, target, batch, key: key0, phase: 'train', frozen: {} });
  expect(value(warm.loss)).toBe(value(plain.loss));
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

test('phases and networks', () => {
  expect(sqn()(encoder)).toMatchObject({ networks: 2, target: 'coin', tau: 0 });
  expect(sqn({ target: 'polyak', tau: 0.05 })(encoder)).toMatchObject({ networks: 1, target: 'polyak', tau: 0.05 });
  expect(ce()(encoder)).toMatchObject({ networks: 1, target: 'none' });
  expect(sa2c({ lr: 0.005 })(encoder).phases).toEqual([
    { name: 'warmup', optimizer: { lr: 0.005 }, start: 'last', steps: 'early-stopping' },
    { name: 'advantage', optimizer: { lr: 0.001 }, start: 'best', steps: 'early-stopping' },
  ]);
  expect(sa2c({ warmup: 100 })(encoder).phases.map(({ start, steps }) => [start, steps])).toEqual([
    ['last', 100],
    ['last', 'early-stopping'],
  ]);
  expect(() => sa2c({ advantageClip: [1, 0] })).toThrow(/low <= high/);
  expect(() => sa2c({ warmup: 0.5 })).toThrow(/whole number/);
  expect(() => sqn({ target: 'polyac' as never })).toThrow(/Did you mean "polyak"/);
});

test('tied heads rank by the item table; with bias, plus a number per item', () => {
  const histories = tensors(batchValues(decisions, shape)) as { items: tf.Tensor; length: tf.Tensor } & Tensors;
  for (const tied of [true, 'bias'] as const) {
    const own = sasrec({ size: 4, dropout: 0, tied });
    const agent = ce()(own);
    const params = tensors(agent.init(key(3), shape));
    expect('ce.weight' in params).toBe(false);
    if (tied === 'bias') params['ce.bias'] = tf.range(0, 7, 1).reshape([7, 1]);
    const states = own.encode(params, histories, { train: false, label: 's' });
    const table = tf.slice(params['emb.weight'] as tf.Tensor2D, [0, 0], [7, 4]);
    const wanted = tf.matMul(states, table, false, true).arraySync() as number[][];
    const scores = agent.score(params, histories).arraySync();
    scores.forEach((row, i) => {
      row.forEach((s, j) => {
        expect(s).toBeCloseTo(wanted[i]![j]! + (tied === 'bias' ? j : 0), 4);
      });
    });
  }
});

test('loss at every position: the mean over the events of a row of what each prefix alone would cost', () => {
  const every = ce()(sasrec({ size: 4, dropout: 0, everyPosition: true }));
  const { params, batch, run } = setUp(every);
  const got = list(run().terms.ce);
  const nll = (history: number[], action: number) => {
    const one = tensors(batchValues([{ history, action }], shape));
    const scores = every.score(params, { items: one.items!, length: one.length! });
    return -(tf.logSoftmax(scores).arraySync() as number[][])[0]![action]!;
  };
  expect(got[0]).toBeCloseTo(nll([], 2), 4);
  expect(got[1]).toBeCloseTo((nll([1], 2) + nll([1, 2], 3) + nll([1, 2, 3], 4)) / 3, 4);
  const window = [6, 0, 1, 2];
  const prefixes = window.map((_, j) => nll(window.slice(0, j + 1), window[j + 1] ?? 3));
  expect(got[2]).toBeCloseTo(prefixes.reduce((a, b) => a + b) / 4, 4);
  const targets = tensors({ targets: int32([3, 0, 1], [3, 1]), targetWeights: float32([1, 2, 0], [3, 1]) });
  const more = list(run(params, { ...batch, ...targets }).terms.ce);
  expect(more[1]! - got[1]!).toBeCloseTo(2 * nll([1, 2, 3], 0), 4);
  expect(more[2]).toBeCloseTo(got[2]!, 5);
});

test('the registry takes new types and refuses names that are taken', () => {
  defineEncoder({ type: 'mine', defaults: { width: 4 }, build: ({ width }) => sasrec({ size: width }) });
  const sum = { type: 'sum', defaults: { lr: 0.1 }, build: ({ lr }: { lr: number }, e: Encoder) => ce({ lr })(e) };
  expect(defineAgent(sum)({ lr: 0.2 })(encoder).config).toMatchObject({ type: 'sum', lr: 0.2 });
  const made = createAgent({ type: 'sum', encoder: { type: 'mine', width: 8 } });
  expect(made.encoder).toMatchObject({ name: 'mine', outputSize: 8, config: { type: 'mine', width: 8 } });
  expect(agentTypes()).toContain('sum');
  expect(encoderTypes()).toContain('mine');
  expect(() => createAgent({ type: 'sum', encoder: { type: 'mine', widht: 8 } })).toThrow(/Did you mean "width"/);
  expect(() => defineAgent(sum)).toThrow(/already/);
  defineAgent(sum, { override: true });
  expect(() => createAgent({ type: 'snqm', encoder: { type: 'sasrec' } })).toThrow(/Did you mean "snqn"/);
  expect(() => createAgent({ type: 'ce' } as never)).toThrow(/no encoder/);
});
