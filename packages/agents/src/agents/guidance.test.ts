import { key } from '@lea/core';
import { float32, int32, type Tensors, type Values, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { keyTensor, tensors } from '../testing/tensors.ts';
import type { Agent } from '../types.ts';
import { ccql } from './ccql.ts';
import { ce } from './ce.ts';
import { dqnNs } from './dqn-ns.ts';
import { sa2c } from './sa2c.ts';
import { sac } from './sac.ts';
import { snqn } from './snqn.ts';
import { sqn } from './sqn.ts';
import { decisions, encoder, list, mean, setUp, shape, statesOf, value } from './testing.ts';
import { vpq } from './vpq.ts';

const sized = { ...shape, stateSize: 2 };
const environment = tensors({
  environmentState: float32([1, 0, -0.5, 2, 0.3, 0.3], [3, 2]),
  nextEnvironmentState: float32([-0.5, 2, 0.7, -1, 0, 0], [3, 2]),
});
const augmented = tensors({
  targets: int32([6, 0, 5], [3, 1]),
  targetWeights: float32([1, 1, 1], [3, 1]),
  targetRewards: float32([0.7, -0.3, 2], [3, 1]),
});

/** Networks of an agent that reads the environment's states, and its loss on the usual decisions with them. */
function guided(agent: Agent) {
  const plain = setUp(sqn({ encoder }));
  const [params, target] = [1, 2].map((seed) => tensors(agent.init(key(seed), sized)));
  const given = { ...plain.batch, ...environment };
  const run = (other: { params?: Tensors; target?: Tensors; batch?: Tensors; phase?: string } = {}) =>
    agent.loss({ params: params!, target: target!, batch: given, frozen: {}, key: keyTensor(), phase: agent.phases.at(-1)!.name, ...other }); // biome-ignore format: one line
  return { params: params!, target: target!, batch: given, run };
}

const argmax = (row: readonly number[]) => row.indexOf(Math.max(...row));

/** [s, W e, 1] times the Q weight, in plain numbers. */
function values(params: Tensors, states: number[][], e: number[][]): number[][] {
  const project = params['q.environment.weight']!.arraySync() as number[][];
  const weight = params['q.weight']!.arraySync() as number[][];
  return states.map((state, i) => {
    const beside = project.map((row) => row.reduce((sum, w, j) => sum + w * e[i]![j]!, 0));
    const features = [...state, ...beside, 1];
    return weight.map((row) => row.reduce((sum, w, j) => sum + w * features[j]!, 0));
  });
}

describe('criticState', () => {
  const agent = snqn({ encoder, gamma: 0.6, negatives: 2, criticState: true });
  const rows = (x: tf.Tensor) => x.arraySync() as number[][];

  test('values of both networks read the state of the row, then of the next row, by hand', () => {
    const { run, params, target, batch } = guided(agent);
    expect(params['q.weight']!.shape).toEqual([7, 9]);
    expect(params['q.environment.weight']!.shape).toEqual([4, 2]);
    const [now, next] = [batch.environmentState!, batch.nextEnvironmentState!].map(rows);
    const q = values(params, rows(statesOf(params, batch)), now!);
    const select = values(params, rows(statesOf(params, batch, 'next')), next!);
    const worth = values(target, rows(statesOf(target, batch, 'next')), next!);
    const stay = values(target, rows(statesOf(target, batch)), now!);
    const { terms } = run();
    decisions.forEach(({ action, reward = 0, done }, i) => {
      expect(list(terms.q)[i]).toBeCloseTo(q[i]![action]!, 5);
      expect(list(terms.y)[i]).toBeCloseTo(reward + (done ? 0 : 0.6 * worth[i]![argmax(select[i]!)]!), 5);
      expect(list(terms.yNegative)[i]).toBeCloseTo(0.6 * stay[i]![argmax(q[i]!)]!, 5);
    });
  });

  test('after an augmented action the environment is unknown: zeros; where it stays, that of the row', () => {
    const after = { ...environment, environmentState: tf.mul(environment.environmentState!, 2) };
    const y = (bootstrap: 'next' | 'current', states: Tensors) => {
      const { run, batch } = guided(snqn({ encoder, criticState: true, negatives: 2, augmentedBootstrap: bootstrap }));
      return list(run({ batch: { ...batch, ...augmented, ...states } }).terms.yAugmented);
    };
    expect(y('next', after)).toEqual(y('next', environment));
    expect(y('current', after)).not.toEqual(y('current', environment));
    const { run, target, params, batch } = guided(agent);
    const got = list(run({ batch: { ...batch, ...augmented } }).terms.yAugmented);
    const appended = tensors({
      items: int32([6, 7, 7, 7, 1, 2, 3, 0, 0, 1, 2, 5], [3, 4]),
      length: int32([1, 4, 4]),
    });
    const zeros = [0, 1, 2].map(() => [0, 0]);
    const select = values(params, rows(statesOf(params, appended)), zeros);
    const worth = values(target, rows(statesOf(target, appended)), zeros);
    got.forEach((x, i) => {
      expect(x).toBeCloseTo([0.7, -0.3, 2][i]! + 0.6 * worth[i]![argmax(select[i]!)]!, 5);
    });
  });

  test('the supervised head and its scores do not see it', () => {
    const { run, params, batch } = guided(agent);
    const other = { ...batch, environmentState: tf.add(batch.environmentState!, 5) };
    expect(list(run({ batch: other }).terms.ce)).toEqual(list(run().terms.ce));
    expect(list(run({ batch: other }).terms.q)).not.toEqual(list(run().terms.q));
    const { 'q.environment.weight': _, 'q.weight': __, ...served } = params;
    const scores = (of: Tensors) => list(agent.score(of, { items: batch.items!, length: batch.length! }));
    expect(scores(served)).toEqual(scores(params));
  });

  test('the projection learns through the TD terms; no gradient enters the target', () => {
    const { run, params, target } = guided(agent);
    const { grads } = valueAndGrad((p) => ({ loss: run({ params: p }).loss }), params);
    expect(list(grads['q.environment.weight']).some((x) => x !== 0)).toBe(true);
    const { grads: none } = valueAndGrad((p) => ({ loss: run({ target: p }).loss }), target);
    for (const [name, g] of Object.entries(none)) expect(Math.max(...list(g).map(Math.abs)), name).toBe(0);
  });

  test('such an agent cannot rank by Q', () => {
    const refused = /cannot rank by its Q head.*rankingHead to "supervised"/;
    for (const make of [sqn, snqn, sac, sa2c, vpq, ccql]) {
      expect(() => make({ encoder, criticState: true, rankingHead: 'q' } as { encoder: typeof encoder })).toThrow(
        refused,
      );
    }
    expect(() => dqnNs({ encoder, criticState: true })).toThrow(refused);
    expect(() => sqn({ encoder, criticState: 'yes' as never })).toThrow(/criticState/);
  });

  test('without states it says what is missing', () => {
    expect(() => agent.init(key(1), shape)).toThrow(/shape\.stateSize/);
    const { run, batch } = guided(agent);
    const { environmentState: _, ...rest } = batch;
    expect(() => run({ batch: rest })).toThrow(/batch has none.*stateForm/);
  });
});

describe('alignment', () => {
  const cases: [string, (options: object) => Agent][] = [
    ['ce', (options) => ce({ encoder, ...options })],
    ['sqn', (options) => sqn({ encoder, ...options })],
    ['snqn', (options) => snqn({ encoder, negatives: 2, ...options })],
    ['sac', (options) => sac({ encoder, ...options })],
    ['sa2c', (options) => sa2c({ encoder, negatives: 2, ...options })],
    ['dqn-ns', (options) => dqnNs({ encoder, negatives: 2, ...options })],
    ['vpq', (options) => vpq({ encoder, qHeads: 2, ...options })],
    ['ccql', (options) => ccql({ encoder, ...options })],
  ];

  test.each(cases)('%s: adds its weighted mean and nothing else', (_, make) => {
    const { run, params, batch } = guided(make({ alignmentWeight: 0.3 }));
    const { loss, metrics, terms } = run();
    const { 'align.weight': weight, ...others } = params;
    const without = guided(make({})).run({ params: others });
    const states = statesOf(params, batch).arraySync() as number[][];
    const project = weight!.arraySync() as number[][];
    const e = batch.environmentState!.arraySync() as number[][];
    const wanted = states.map((state, i) => {
      const p = project.map((row) => row.reduce((sum, w, j) => sum + w * state[j]!, 0));
      const dot = p[0]! * e[i]![0]! + p[1]! * e[i]![1]!;
      // The empty history of the first row is a state of zeros: as far from all.
      return 1 - dot / (Math.hypot(...p) * Math.hypot(...e[i]!) || 1);
    });
    list(terms.alignment).forEach((x, i) => {
      expect(x).toBeCloseTo(wanted[i]!, 4);
    });
    expect(value(metrics['loss/alignment'])).toBeCloseTo(mean(wanted), 4);
    expect(value(loss)).toBeCloseTo(value(without.loss) + 0.3 * mean(wanted), 5);
  });

  test('the projection is no part of scores, and there is none without alignment', () => {
    const agent = ce({ encoder, alignmentWeight: 1 });
    const { params, batch } = guided(agent);
    expect(params['align.weight']!.shape).toEqual([2, 4]);
    const { 'align.weight': _, ...served } = params;
    const scores = (of: Tensors) => list(agent.score(of, { items: batch.items!, length: batch.length! }));
    expect(scores(served)).toEqual(scores(params));
    const names = (of: Values) => Object.keys(of);
    expect(names(ce({ encoder }).init(key(1), sized))).toEqual(names(served as never));
    expect(ce({ encoder }).readsEnvironmentState).toBe(false);
    expect(agent.readsEnvironmentState).toBe(true);
  });

  test('contrastive alignment compares the rows of the batch', () => {
    const { run, batch } = guided(ce({ encoder, alignmentWeight: 1, alignmentForm: 'contrastive' }));
    const first = (states: number[]) =>
      list(run({ batch: { ...batch, environmentState: tf.tensor2d(states, [3, 2]) } }).terms.alignment)[0]!;
    expect(first([1, 0, -0.5, 2, 0.3, 0.3])).not.toBeCloseTo(first([1, 0, 1, 0, 0.3, 0.3]), 3);
    const cold = guided(
      ce({ encoder, alignmentWeight: 1, alignmentForm: 'contrastive', alignmentTemperature: 1 }),
    ).run();
    expect(list(cold.terms.alignment)).not.toEqual(list(run().terms.alignment));
  });

  test('values without sense are refused', () => {
    expect(() => ce({ encoder, alignmentWeight: -1 })).toThrow(/alignmentWeight must be/);
    expect(() => snqn({ encoder, alignmentForm: 'cosin' as never })).toThrow(/Did you mean "cosine"/);
    expect(() => sqn({ encoder, alignmentTemperature: 0 })).toThrow(/alignmentTemperature must be/);
  });
});
