import { fold, key, uniform, weightedDraw } from '@lea/core';
import { createWorld, sequences } from '@lea/data';
import { describe, expect, it } from 'vitest';
import { type Bandit, drawLog, statePolicy, trueValue } from '../testing/bandit.ts';
import {
  type BanditEstimator,
  fitRewards,
  fittedQ,
  offPolicyDifference,
  offPolicyValue,
  sequenceValue,
  type Trajectories,
} from './index.ts';

const draws = 200;
const shares = (hits: Record<string, number>) =>
  Object.fromEntries(Object.entries(hits).map(([k, n]) => [k, n / draws]));
const contains = ([low, high]: readonly [number, number], truth: number): number =>
  low <= truth && truth <= high ? 1 : 0;

/**
 * The synthetic world as a contextual bandit: contexts are histories, the logged action is what a customer picks by the true
 * outlook, and the reward tells whether it is bought.
 */
function worldBandit(): Bandit {
  const world = createWorld({ users: 40, items: 30, tastes: 6, seed: 3 });
  const { items, offsets } = sequences(world.interactions);
  const outlooks = Array.from({ length: offsets.length - 1 }, (_, user) =>
    world.outlook(items.subarray(offsets[user]!, offsets[user]! + 3)),
  );
  return {
    behavior: outlooks.map(({ choice }) => choice),
    chance: outlooks.map(({ choice, bought }) => choice.map((p, i) => bought[i]! / p)),
    otherwise: 0.2,
  };
}

/** The behavior policy times exp(strength * chance that the item is bought), normalized. */
function tilted({ behavior, chance }: Bandit, strength: number): Float64Array[] {
  return behavior.map((row, s) => {
    const weights = Float64Array.from(row, (p, a) => p * Math.exp(strength * chance[s]![a]!));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  });
}

describe('95 % intervals contain the truth of the synthetic world in 90 to 98 % of 200 logs', () => {
  const bandit = worldBandit();
  const [better, other] = [tilted(bandit, 2), tilted(bandit, 1)];
  const [a, b] = [statePolicy('better', better), statePolicy('other', other)];
  const truth = trueValue(bandit, better);
  const gain = truth - trueValue(bandit, other);
  // Items that the log never has are no obstacle, because the behavior policy is known to pick them.
  const behavior = statePolicy('customers', bandit.behavior);
  const options = { behavior, batch: 600, resamples: 150, minEffective: 50, unsupported: 'estimate' } as const;

  it('of a value and of a difference', async () => {
    const hits: Record<string, number> = { ips: 0, snips: 0, dr: 0, difference: 0 };
    let narrower = 0;
    for (let draw = 0; draw < draws; draw++) {
      const log = drawLog(bandit, 500, fold(key(5), draw));
      const { state: _, ...stateless } = log;
      const model = fitRewards(stateless, { folds: 2 });
      const own = { ...options, seed: draw };
      let alone: readonly [number, number] = [0, 0];
      for (const estimator of ['ips', 'dr', 'snips'] as BanditEstimator[]) {
        const of = {
          ...own,
          estimator,
          model: { ...model, values: (_: unknown, rounds: Int32Array) => model.values(stateless, rounds) },
        };
        alone = (await offPolicyValue(log, a, of)).interval;
        hits[estimator]! += contains(alone, truth);
      }
      const { difference, interval, values } = await offPolicyDifference(log, a, b, own);
      expect(difference).toBeCloseTo(values[0] - values[1], 12);
      hits.difference! += contains(interval, gain);
      narrower += interval[1] - interval[0] < alone[1] - alone[0] ? 1 : 0;
    }
    for (const share of Object.values(shares(hits))) {
      expect(share, JSON.stringify(shares(hits))).toBeGreaterThanOrEqual(0.9);
      expect(share, JSON.stringify(shares(hits))).toBeLessThanOrEqual(0.98);
    }
    // What the policies have in common cancels.
    expect(narrower).toBe(draws);
  });

  it('rounds that are logged three times make intervals too narrow, unless users are clusters', async () => {
    const hits = { rounds: 0, clusters: 0 };
    for (let draw = 0; draw < draws; draw++) {
      const once = drawLog(bandit, 200, fold(key(6), draw));
      const thrice = Object.fromEntries(
        (['state', 'action', 'propensity', 'reward'] as const).map((name) => {
          const column = Array.from(once[name]!);
          return [name, [...column, ...column, ...column]];
        }),
      );
      const log = { ...once, ...thrice };
      const cluster = Array.from(log.action, (_, i) => i % 200);
      const own = { ...options, seed: draw };
      hits.rounds += contains((await offPolicyValue(log, a, own)).interval, truth);
      hits.clusters += contains((await offPolicyValue({ ...log, cluster }, a, own)).interval, truth);
    }
    expect(shares(hits).clusters).toBeGreaterThanOrEqual(0.9);
    expect(shares(hits).clusters).toBeLessThanOrEqual(0.98);
    expect(shares(hits).rounds).toBeLessThan(0.85);
  });
});

describe('trajectories of a small decision process', () => {
  // Action 1 moves on with probability 0.8, action 0 with probability 0.3; the reward is 1 with the chance of state and action.
  const [horizon, discount] = [4, 0.9];
  const chance = [
    [0.5, 0.1],
    [0.4, 0.3],
    [0.1, 0.9],
  ];
  const moves = [0.3, 0.8];
  const behavior = [
    [0.6, 0.4],
    [0.5, 0.5],
    [0.5, 0.5],
  ];
  const policy = [
    [0.3, 0.7],
    [0.3, 0.7],
    [0.4, 0.6],
  ];
  const evaluated: ReturnType<typeof statePolicy> = {
    ...statePolicy('evaluated', policy),
    // The state of the log is time and place, since the horizon is finite.
    probabilities: (feedback, rounds) =>
      Float64Array.from([...rounds].flatMap((round) => policy[feedback.state![round]! % 3]!)),
  };

  /** By the Bellman equation, backwards in time. */
  function truth(): number {
    let values = [0, 0, 0];
    for (let t = 0; t < horizon; t++) {
      const next = values;
      values = policy.map((row, s) => {
        const after = (a: number) => moves[a]! * next[Math.min(s + 1, 2)]! + (1 - moves[a]!) * next[s]!;
        return row.reduce((sum, p, a) => sum + p * (chance[s]![a]! + discount * after(a)), 0);
      });
    }
    return values[0]!;
  }

  function drawTrajectories(count: number, seed: number): Trajectories {
    const numbers = uniform(fold(key(7), seed), 3 * count * horizon);
    const columns = {
      state: [] as number[],
      action: [] as number[],
      reward: [] as number[],
      propensity: [] as number[],
    };
    let place = 0;
    for (let step = 0; step < count * horizon; step++) {
      if (step % horizon === 0) place = 0;
      const action = weightedDraw(behavior[place]!)(numbers[3 * step]!);
      columns.state.push(3 * (step % horizon) + place);
      columns.action.push(action);
      columns.propensity.push(behavior[place]![action]!);
      columns.reward.push(numbers[3 * step + 1]! < chance[place]![action]! ? 1 : 0);
      if (numbers[3 * step + 2]! < moves[action]!) place = Math.min(place + 1, 2);
    }
    const offsets = Array.from({ length: count + 1 }, (_, i) => i * horizon);
    return { ...columns, actions: 2, offsets, discount };
  }

  it('95 % intervals contain the truth in 90 to 98 % of 200 logs', async () => {
    const hits: Record<string, number> = { snpdis: 0, dr: 0 };
    for (let draw = 0; draw < draws; draw++) {
      const log = drawTrajectories(150, draw);
      const model = await fittedQ(log, evaluated, { folds: 2, batch: 600, iterations: horizon });
      for (const estimator of ['snpdis', 'dr'] as const) {
        const options = { estimator, model, resamples: 150, seed: draw, batch: 600, minEffective: 20 };
        hits[estimator]! += contains((await sequenceValue(log, evaluated, options)).interval, truth());
      }
    }
    for (const share of Object.values(shares(hits))) {
      expect(share, JSON.stringify(shares(hits))).toBeGreaterThanOrEqual(0.9);
      expect(share, JSON.stringify(shares(hits))).toBeLessThanOrEqual(0.98);
    }
  });

  it('fitted Q evaluation comes to the truth with many trajectories, and the behavior policy to the mean return', async () => {
    const log = drawTrajectories(20_000, 0);
    const options = { folds: 1, batch: 80_000, smoothing: 0 };
    const dm = { estimator: 'dm', resamples: 1, minEffective: 0, batch: 80_000 } as const;
    const { value } = await sequenceValue(log, evaluated, { ...dm, model: await fittedQ(log, evaluated, options) });
    expect(value).toBeCloseTo(truth(), 2);
    // One iteration knows rewards of one step only.
    const myopic = await fittedQ(log, evaluated, { ...options, iterations: 1 });
    expect((await sequenceValue(log, evaluated, { ...dm, model: myopic })).value).toBeLessThan(0.5);
  });
});
