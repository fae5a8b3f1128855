import { fold, key, normal } from '@lea/core';
import { describe, expect, it } from 'vitest';
import type { BanditFeedback, Trajectories } from './feedback.ts';
import { fittedQ } from './fitted-q.ts';
import { tablePolicy, uniformPolicy } from './policy.ts';
import { fitRewards } from './reward-model.ts';

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 10));
const all = (log: BanditFeedback): Int32Array => Int32Array.from(log.action, (_, round) => round);

describe('fitRewards', () => {
  const log: BanditFeedback = {
    actions: 3,
    action: [0, 0, 1, 0],
    reward: [1, 0, 1, 2],
    propensity: [0.5, 0.5, 0.5, 0.5],
    state: [0, 0, 0, 1],
  };

  it('tabular: shrunk means of states and actions', async () => {
    const values = await fitRewards(log, { folds: 1, smoothing: 1 }).values(log, Int32Array.of(0, 3));
    // Mean 1; actions: (3 + 1) / 4 = 1, (1 + 1) / 2 = 1, 1. State 0: (1 + 1) / 3, (1 + 1) / 2; state 1: (2 + 1) / 2.
    expect([...(values as Float64Array)]).toEqual(close([2 / 3, 1, 1, 3 / 2, 1, 1]));
    const { state: _, ...stateless } = log;
    const plain = fitRewards({ ...stateless, reward: [3, 0, 1, 0] }, { folds: 1, smoothing: 0 });
    expect([...(plain.values(stateless, Int32Array.of(0)) as Float64Array)]).toEqual(close([1, 1, 1]));
  });

  it('ridge: that of the normal equations', async () => {
    const context = { data: [1, 2, 3, 4], width: 1 };
    const values = fitRewards({ ...log, context }, { model: 'ridge', folds: 1, regularization: 0.5 }).values(
      { ...log, context },
      Int32Array.of(0),
    ) as Float64Array;
    // Action 0: x = 1, 2, 4 and y - 1 = 0, -1, 1; (X'X + I/2) = [[21.5, 7], [7, 3.5]], X'y = [2, 0].
    const determinant = 21.5 * 3.5 - 49;
    const [slope, intercept] = [(3.5 * 2) / determinant, (-7 * 2) / determinant];
    // Action 1: one row whose target is the mean. Action 2: none.
    expect([...values]).toEqual(close([1 + slope + intercept, 1, 1]));
  });

  it('ridge finds a linear reward', async () => {
    const x = normal(fold(key(2), 'x'), 400);
    const action = [...x].map((_, i) => i % 2);
    const linear: BanditFeedback = {
      actions: 2,
      action,
      reward: action.map((a, i) => (a === 0 ? 1 + 2 * x[i]! : -x[i]!)),
      propensity: action.map(() => 0.5),
      context: { data: x, width: 1 },
    };
    const values = await fitRewards(linear, { model: 'ridge', regularization: 1e-9 }).values(linear, all(linear));
    for (let i = 0; i < 400; i++) {
      expect(values[2 * i]).toBeCloseTo(1 + 2 * x[i]!, 4);
      expect(values[2 * i + 1]).toBeCloseTo(-x[i]!, 4);
    }
  });

  it('cross-fitted: the rewards of a cluster do not reach its own predictions', async () => {
    const many: BanditFeedback = {
      actions: 1,
      action: Array.from({ length: 40 }, () => 0),
      reward: Array.from({ length: 40 }, (_, i) => (i < 4 ? 100 : 0)),
      propensity: Array.from({ length: 40 }, () => 1),
      cluster: Array.from({ length: 40 }, (_, i) => Math.floor(i / 4)),
    };
    const values = await fitRewards(many, { folds: 5, smoothing: 0 }).values(many, all(many));
    expect([...(values as Float64Array).subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    // 32 of the 40 rounds are in the other folds.
    expect(Math.max(...(values as Float64Array))).toBeCloseTo(400 / 32, 10);
    const model = fitRewards(many, { folds: 5 });
    expect(() => model.values(log, Int32Array.of(0))).toThrow('it predicts the log that it was fitted on');
    expect(() => fitRewards(many, { folds: 11 })).toThrow('11 folds need as many users or sessions');
  });

  it('ridge needs features', () => {
    expect(() => fitRewards(log, { model: 'ridge', folds: 1 })).toThrow('needs the context features of the log');
  });
});

describe('fittedQ', () => {
  // State 0 goes to state 1 and ends there; the reward is 1 for action 1.
  const log: Trajectories = {
    actions: 2,
    action: [0, 0, 0, 1, 1, 0, 1, 1],
    reward: [0, 0, 0, 1, 1, 0, 1, 1],
    propensity: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    state: [0, 1, 0, 1, 0, 1, 0, 1],
    offsets: [0, 2, 4, 6, 8],
    discount: 0.5,
  };
  const options = { folds: 1, smoothing: 0 } as const;

  it('is the return of the evaluated policy, not of the logged actions', async () => {
    const q = async (p: number) => {
      const policy = tablePolicy('p', 2, Array.from({ length: 8 }, () => [1 - p, p]).flat());
      return [...((await (await fittedQ(log, policy, options)).values(log, Int32Array.of(0, 1))) as Float64Array)];
    };
    expect(await q(1)).toEqual(close([0.5, 1.5, 0, 1]));
    expect(await q(0.2)).toEqual(close([0.1, 1.1, 0, 1]));
  });

  it('the same with one-hot features and ridge regression', async () => {
    const context = { data: [...(log.state as number[])].flatMap((s) => (s === 0 ? [1, 0] : [0, 1])), width: 2 };
    const ridge = { folds: 1, model: 'ridge', regularization: 1e-9 } as const;
    const q = await (await fittedQ({ ...log, context }, uniformPolicy(2), ridge)).values(
      { ...log, context },
      Int32Array.of(0, 1),
    );
    for (const [i, value] of [0.25, 1.25, 0, 1].entries()) expect(q[i]).toBeCloseTo(value, 6);
  });

  it('ends when nothing changes', async () => {
    let events = 0;
    for await (const { stage } of fittedQ(log, uniformPolicy(2), options)) events += stage === 'fitted-q' ? 1 : 0;
    // The targets of the first step change once.
    expect(events).toBe(2);
  });
});
