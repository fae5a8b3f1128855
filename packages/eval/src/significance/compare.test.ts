import { integers, key, normal, uniform } from '@lea/core';
import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../evaluate.ts';
import { averages } from '../metrics.ts';
import { clusteredMean, compare, interval } from './compare.ts';

function evaluation(name: string, ranks: number[], user: number[], kind: number[] = ranks.map(() => 0)): Evaluation {
  const kinds = ['click', 'purchase'];
  const events = ranks.length;
  return {
    name,
    ranks: Int32Array.from(ranks),
    target: new Int32Array(events),
    user: Int32Array.from(user),
    kind: Uint8Array.from(kind),
    kinds,
    metrics: averages(ranks, kind, kinds, [10]),
    events,
    protocol: { ranking: 'full catalog', items: 100, exclude: 'none', window: 10, events, users: new Set(user).size },
  };
}

describe('compare', () => {
  it('equals what three users give by hand', () => {
    const user = [0, 0, 1, 2];
    const a = evaluation('a', [1, 1, 1, 50], user);
    const b = evaluation('b', [50, 1, 1, 50], user);
    // Differences 1 0 0 0, mean .25; residuals by user .75 - .25, -.25, -.25: variance 3/2 * (.25 + .0625 * 2) / 16.
    const result = compare(a, b, { metric: 'hr@10' });
    expect(result.difference).toBe(0.25);
    expect(result.standardError).toBeCloseTo(Math.sqrt((1.5 * 0.375) / 16), 14);
    expect(result.relative).toBe(0.5);
    expect(result.interval[1] - result.difference).toBeCloseTo(4.302652729911275 * result.standardError, 9);
    expect(result).toMatchObject({ events: 4, users: 3 });
  });

  it('is the clustered mean of the differences', () => {
    const user = [0, 0, 1, 2];
    const [a, b] = [evaluation('a', [1, 1, 1, 50], user), evaluation('b', [50, 1, 1, 50], user)];
    const { value, ...rest } = clusteredMean(Float64Array.of(1, 0, 0, 0), Int32Array.from(user));
    const { p, ...others } = compare(a, b, { metric: 'hr@10' });
    expect(others).toEqual({ difference: value, relative: 0.5, ...rest });
    // 4/3 standard errors from 0; with two degrees of freedom the tails are 1 - t / sqrt(2 + t²).
    expect(value / rest.standardError).toBeCloseTo(4 / 3, 12);
    expect(p).toBeCloseTo(1 - 4 / 3 / Math.sqrt(2 + 16 / 9), 12);
  });

  it('reads any k and one kind', () => {
    const user = [0, 1, 2];
    const a = evaluation('a', [3, 1, 2], user, [0, 1, 1]);
    const b = evaluation('b', [1, 4, 2], user, [0, 1, 1]);
    expect(compare(a, b, { metric: 'mrr@3/purchase' })).toMatchObject({ difference: 0.5, events: 2, users: 2 });
  });

  it('is exactly zero against itself, and turns its sign round', () => {
    const user = [0, 0, 1, 2];
    const [a, b] = [evaluation('a', [1, 3, 9, 4], user), evaluation('b', [2, 1, 30, 4], user)];
    expect(compare(a, a)).toMatchObject({ difference: 0, standardError: 0, interval: [0, 0], relative: 0, p: 1 });
    expect(compare(a, b).difference).toBeCloseTo(-compare(b, a).difference, 15);
    expect(compare(a, b).standardError).toBeCloseTo(compare(b, a).standardError, 15);
  });

  it('says NaN of one user, of no event and of a share of nothing', () => {
    const one = evaluation('one', [1, 20], [0, 0]);
    expect(compare(one, one).standardError).toBeNaN();
    expect(compare(one, one).p).toBeNaN();
    expect(compare(one, one, { metric: 'hr@10/purchase' }).difference).toBeNaN();
    const never = evaluation('never', [90, 90], [0, 0]);
    expect(compare(one, never).relative).toBeNaN();
  });

  it('refuses other events and a confidence that is none', () => {
    const a = evaluation('a', [1, 1], [0, 1]);
    const refused = expect.objectContaining({ code: 'E_EVENTS_DIFFER' });
    expect(() => compare(a, evaluation('b', [1], [0]))).toThrow(refused);
    expect(() => compare(a, evaluation('b', [1], [0]))).toThrow(/numbers of events differ/);
    expect(() => compare(a, evaluation('b', [1, 1], [0, 0]))).toThrow(/users differ/);
    expect(() => compare(a, evaluation('b', [1, 1], [0, 1], [0, 1]))).toThrow(/kinds of events differ/);
    expect(() => compare(a, { ...a, target: Int32Array.of(0, 1) })).toThrow(/chosen items differ/);
    expect(() => compare(a, { ...a, protocol: { ...a.protocol, exclude: 'seen' } })).toThrow(/excluded items differ/);
    expect(() => compare(a, a, { confidence: 95 })).toThrow(expect.objectContaining({ code: 'E_CONFIDENCE' }));
  });

  it('agrees with a bootstrap over users', () => {
    const { a, b } = simulated(7, 60);
    const byUser = Map.groupBy(a.user.keys(), (event) => a.user[event]!);
    const users = [...byUser.values()];
    const hit = (rank: number): number => (rank <= 10 ? 1 : 0);
    const drawn = integers(key(3), users.length * 1000, users.length);
    const means = Array.from({ length: 1000 }, (_, draw) => {
      const events = users.flatMap((_, i) => users[drawn[draw * users.length + i]!]!);
      return events.reduce((sum, e) => sum + hit(a.ranks[e]!) - hit(b.ranks[e]!), 0) / events.length;
    });
    const mean = means.reduce((sum, m) => sum + m, 0) / means.length;
    const deviation = Math.sqrt(means.reduce((sum, m) => sum + (m - mean) ** 2, 0) / means.length);
    const { standardError } = compare(a, b, { metric: 'hr@10' });
    expect(standardError / deviation).toBeGreaterThan(0.9);
    expect(standardError / deviation).toBeLessThan(1.1);
  });

  it('covers the truth about as often as it promises, which an error over events does not', () => {
    // Both runs hit with one chance per user, so the true difference is 0.
    const covered = (alone: boolean): number => {
      const runs = Array.from({ length: 400 }, (_, seed) => {
        const { a, b } = simulated(seed, 80);
        const user = alone ? a.user.map((_, event) => event) : a.user;
        return compare({ ...a, user }, { ...b, user }, { metric: 'hr@10', confidence: 0.9 }).interval;
      });
      return runs.filter(([low, high]) => low <= 0 && high >= 0).length / runs.length;
    };
    expect(covered(false)).toBeGreaterThan(0.86);
    expect(covered(false)).toBeLessThan(0.94);
    expect(covered(true)).toBeLessThan(0.86);
  });

  it.each([2, 3, 5, 10])('claims no difference out of nothing with only %i users', (users) => {
    const claimed = Array.from({ length: 400 }, (_, seed) => {
      const { a, b } = simulated(seed, users);
      const { difference, interval, p } = compare(a, b, { metric: 'hr@10' });
      const outside = interval[0] > 0 || interval[1] < 0;
      if (difference !== 0) expect(p < 0.05).toBe(outside);
      return outside;
    });
    // 5 % and three standard errors of this share.
    expect(claimed.filter(Boolean).length / claimed.length).toBeLessThan(0.083);
  });
});

describe('interval', () => {
  it('gives the mean of one run with its user-clustered error', () => {
    const { a } = simulated(1, 40);
    const result = interval(a, { metric: 'ndcg@10' });
    expect(result.value).toBeCloseTo(a.metrics['ndcg@10']!, 14);
    expect(result.users).toBe(40);
    const single = interval(evaluation('x', [1, 50, 50, 50], [0, 1, 2, 3]), { metric: 'hr@10' });
    // One user per event: the usual error of a mean, sd / sqrt(n).
    expect(single.standardError).toBeCloseTo(Math.sqrt((0.75 ** 2 + 3 * 0.25 ** 2) / 3 / 4), 14);
  });
});

/** Two runs whose events hit alike often on average, with a taste for one of them that a user's events share. */
function simulated(seed: number, users: number): { a: Evaluation; b: Evaluation } {
  const taste = normal(key(seed), users);
  const lengths = integers(key(seed + 1e6), users, 8);
  const user = Array.from(lengths).flatMap((length, u) => Array.from({ length: length + 1 }, () => u));
  const luck = uniform(key(seed + 2e6), 2 * user.length);
  const rank = (e: number, sign: number): number =>
    luck[2 * e + (sign > 0 ? 0 : 1)]! < 1 / (1 + Math.exp(-sign * taste[user[e]!]!)) ? 1 : 50;
  const of = (name: string, sign: number): Evaluation =>
    evaluation(
      name,
      user.map((_, e) => rank(e, sign)),
      user,
    );
  return { a: of('a', 1), b: of('b', -1) };
}
