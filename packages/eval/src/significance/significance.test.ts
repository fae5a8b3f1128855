import { key, normal } from '@lea/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineMeasure } from '../metrics.ts';
import { evaluationOf } from '../testing/evaluation.ts';
import { clusteredMean, compare, interval } from './compare.ts';
import { compareSeeds } from './compare-seeds.ts';
import { holm } from './holm.ts';
import { bootstrapTest, permutationTest } from './resampling.ts';
import { testDifference } from './test-difference.ts';
import { wilcoxon } from './wilcoxon.ts';

/** Differences of users with one to three events each, whose mean is `shift`. */
function drawn(seed: number, users: number, shift: number): { values: Float64Array; user: Int32Array } {
  const user = Array.from({ length: users }, (_, u) => Array.from({ length: 1 + (u % 3) }, () => u)).flat();
  const own = normal(key(seed), users);
  const noise = normal(key(seed + 1e6), user.length);
  return { values: Float64Array.from(user, (u, e) => shift + own[u]! + 0.5 * noise[e]!), user: Int32Array.from(user) };
}

describe('bootstrapTest', () => {
  it('repeats, and changes with the seed', () => {
    const { values, user } = drawn(1, 30, 0.2);
    const first = bootstrapTest(values, user, { resamples: 200 });
    expect(bootstrapTest(values, user, { resamples: 200 })).toEqual(first);
    expect(bootstrapTest(values, user, { resamples: 200, seed: 1 })).not.toEqual(first);
    expect(first).toMatchObject({ events: 60, users: 30 });
  });

  it('agrees with the clustered normal interval on many users, and its p-value with the interval', () => {
    const { values, user } = drawn(2, 300, 0.12);
    const { value, interval, p } = bootstrapTest(values, user, { resamples: 2000, confidence: 0.9 });
    const normal = clusteredMean(values, user, 0.9);
    expect(value).toBeCloseTo(normal.value, 12);
    for (const side of [0, 1]) expect(Math.abs(interval[side]! - normal.interval[side]!)).toBeLessThan(0.2 * normal.standardError); // biome-ignore format: one line
    expect(p < 0.1).toBe(interval[0] > 0 || interval[1] < 0);
  });

  it('two users: the three possible means by hand', () => {
    // User 0 has the events 1 and 2, user 1 the event 6: means 1.5, 3 and 6 with chances 1/4, 1/2 and 1/4.
    const { value, interval, p } = bootstrapTest(Float64Array.of(1, 2, 6), Int32Array.of(0, 0, 1), { resamples: 4000 });
    expect(value).toBe(3);
    expect(interval).toEqual([1.5, 6]);
    // Only 6 is 3 or more away from 3.
    expect(Math.abs(p - 1 / 4)).toBeLessThan(0.03);
  });
});

describe('permutationTest', () => {
  it('three users by hand: users flip as a whole, and events of one user together', () => {
    // Sums 3, 3 and -1: 5 of 8 patterns... the sums are ±7, ±5 (twice each way), ±1; the observed one is 5.
    const values = Float64Array.of(1, 2, 3, -1);
    const result = permutationTest(values, Int32Array.of(0, 0, 1, 2));
    // ±7 once each, ±5 once each, ±1 twice each.
    expect(result).toEqual({ value: 5 / 4, events: 4, users: 3, p: 4 / 8, exact: true });
  });

  it('users without a difference do not matter, and without any difference p is 1', () => {
    const result = permutationTest(Float64Array.of(1, 2, 0, 0), Int32Array.of(0, 1, 2, 3));
    expect(result).toMatchObject({ p: 2 / 4, users: 4 });
    expect(permutationTest(new Float64Array(4), Int32Array.of(0, 1, 2, 3)).p).toBe(1);
    expect(permutationTest(Float64Array.of(1, 1), Int32Array.of(0, 0)).p).toBeNaN();
  });

  it('random patterns come near to all of them', () => {
    const { values, user } = drawn(3, 12, 0.4);
    const all = permutationTest(values, user);
    const some = permutationTest(values, user, { resamples: 4095 });
    expect([all.exact, some.exact]).toEqual([true, false]);
    expect(Math.abs(all.p - some.p)).toBeLessThan(0.03);
    expect(permutationTest(values, user, { resamples: 4095 })).toEqual(some);
  });

  it('more than 32 users flip independently', () => {
    // 40 of 64 users with the same sign or more: twice the binomial chance is .060. If users 32 apart flipped together, it would be
    // that of 20 of 32, .215.
    const values = Float64Array.from({ length: 64 }, (_, u) => (u % 32 < 20 ? 1 : -1));
    const { p, exact } = permutationTest(values, Int32Array.from(values.keys()), { resamples: 4000 });
    expect(exact).toBe(false);
    expect(Math.abs(p - 0.06)).toBeLessThan(0.02);
  });

  it('rejects a true null about as often as the level says', () => {
    const rejected = Array.from({ length: 300 }, (_, seed) => {
      const { values, user } = drawn(seed, 15, 0);
      return permutationTest(values, user, { resamples: 199, seed }).p <= 0.1;
    }).filter(Boolean).length;
    expect(rejected / 300).toBeGreaterThan(0.05);
    expect(rejected / 300).toBeLessThan(0.15);
  });
});

describe('wilcoxon', () => {
  it('four differences by hand, with a tie and a zero', () => {
    // Ranks 1.5, 1.5, 3, 4 with signs +, -, +, +: the sum below 0 is 1.5. Of 16 patterns three have at most 1.5: 0, 1.5, 1.5.
    expect(wilcoxon([1, -1, 0, 2, 3])).toEqual({ statistic: 1.5, p: 6 / 16, count: 4, exact: true });
    expect(wilcoxon([0, 0])).toEqual({ statistic: 0, p: Number.NaN, count: 0, exact: true });
  });

  it('is exact up to 50 differences, where the normal approximation is near', () => {
    const own = [...drawn(5, 60, 0.1).values].slice(0, 51);
    const [fifty, more] = [wilcoxon(own.slice(0, 50)), wilcoxon(own)];
    expect([fifty.exact, more.exact]).toEqual([true, false]);
    expect(Math.abs(fifty.p - more.p)).toBeLessThan(0.1);
  });

  it('reads ranks only: it does not change with the size of the largest difference, nor with all signs', () => {
    const { p } = wilcoxon([1, 2, -3, 4, 5, 6]);
    expect(wilcoxon([1, 2, -3, 4, 5, 600]).p).toBe(p);
    expect(wilcoxon([-1, -2, 3, -4, -5, -6]).p).toBe(p);
  });
});

describe('holm', () => {
  it('four p-values by hand, as in R: p.adjust(p, "holm")', () => {
    expect([...holm([0.01, 0.04, 0.03, 0.005])].map((p) => Number(p.toFixed(12)))).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect([...holm([0.5, 0.9])]).toEqual([1, 1]);
    expect([...holm([Number.NaN, 0.02])]).toEqual([Number.NaN, 0.02]);
    expect(() => holm([0.02, Infinity])).toThrow('holm: p[1] must be from 0 to 1. Got Infinity.');
  });

  it('never lowers a p-value, keeps their order and is at most the correction of Bonferroni', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), (p) => {
        const adjusted = holm(p);
        for (const [i, own] of p.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(own);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p.length * own));
          for (const [j, other] of p.entries()) if (own <= other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!);
        }
      }),
    );
  });
});

describe('compareSeeds', () => {
  const runs = (...ranks: number[]) => ranks.map((rank) => evaluationOf([rank, rank], [0, 1]));

  it('three seeds by hand, paired', () => {
    // Differences of 1, 2 and 3: mean 2, standard error 1 / sqrt(3), t quantile of 2 degrees of freedom 4.30265.
    const result = compareSeeds(runs(11, 22, 33), runs(10, 20, 30), { metric: 'rank@1' });
    expect([...result.differences]).toEqual([1, 2, 3]);
    expect(result).toMatchObject({ difference: 2, seeds: 3, tooFew: true });
    expect(result.interval[1] - 2).toBeCloseTo(4.302652729 / Math.sqrt(3), 8);
    expect(result.p).toBeCloseTo(0.0741799, 6);
    expect(compareSeeds(runs(11, 22, 33), runs(10, 20, 30), { metric: 'rank@1', fewest: 3 }).tooFew).toBe(false);
  });

  it('one seed has no interval, equal runs no difference, and numbers of seeds must agree', () => {
    const one = compareSeeds(runs(1), runs(2), { metric: 'rank@1' });
    expect(one).toMatchObject({ difference: -1, p: Number.NaN, interval: [Number.NaN, Number.NaN], tooFew: true });
    expect(compareSeeds(runs(3, 4), runs(3, 4))).toMatchObject({ difference: 0, p: 1, interval: [0, 0] });
    expect(() => compareSeeds(runs(1), runs(1, 2))).toThrow(
      expect.objectContaining({ code: 'E_SEEDS_DIFFER', value: [1, 2] }),
    );
    const other = [evaluationOf([1], [0])];
    expect(() => compareSeeds(runs(1), other)).toThrow(expect.objectContaining({ code: 'E_EVENTS_DIFFER' }));
    expect(() => compareSeeds(runs(1), runs(2), { confidence: 2 })).toThrow(
      expect.objectContaining({ code: 'E_CONFIDENCE' }),
    );
  });
});

describe('testDifference', () => {
  const user = [0, 0, 0, 1, 2, 3];
  const a = evaluationOf([1.1, 1.2, 1.3, 4, 5, 9], user);
  const b = evaluationOf([1.2, 1.3, 1.1, 2, 2, 5], user);

  it('is the test of its name, of the paired differences', () => {
    const values = Float64Array.from(a.ranks, (rank, i) => rank - b.ranks[i]!);
    const options = { metric: 'rank@1', resamples: 100, seed: 3 } as const;
    const { p } = permutationTest(values, Int32Array.from(user), { resamples: 100 });
    expect(testDifference(a, b, options)).toMatchObject({ test: 'permutation', p, events: 6, users: 4 });
    const booted = bootstrapTest(values, Int32Array.from(user), { resamples: 100, seed: 3 });
    const result = testDifference(a, b, { ...options, test: 'bootstrap' });
    expect(result).toEqual({ test: 'bootstrap', difference: booted.value, p: booted.p, events: 6, users: 4 });
  });

  it('ranks the mean differences of users, and takes what is 0 but for its last digits for 0', () => {
    // The differences of user 0 are -.1, -.1 and .2, in floating point not quite 0 together.
    expect(testDifference(a, b, { metric: 'rank@1', test: 'wilcoxon' })).toMatchObject({ p: wilcoxon([0, 2, 3, 4]).p, users: 4 }); // biome-ignore format: one line
  });
});

describe('what has no value is refused by name, and never called significant', () => {
  const user = Int32Array.of(0, 1, 2, 3);

  it.each([Number.NaN, Infinity, -Infinity])('%d among the values', (bad) => {
    const values = Float64Array.of(1, bad, 2, 3);
    const refused = (where: string, name: string) =>
      expect.objectContaining({
        code: 'E_ARGUMENT_TYPE',
        value: bad,
        message: expect.stringMatching(`^${where}: ${name}\\[1\\] must be a finite number. Got ${bad}. Leave out`),
      });
    expect(() => permutationTest(values, user)).toThrow(refused('permutationTest', 'values'));
    expect(() => bootstrapTest(values, user)).toThrow(refused('bootstrapTest', 'values'));
    expect(() => clusteredMean(values, user)).toThrow(refused('clusteredMean', 'values'));
    expect(() => wilcoxon(values)).toThrow(refused('wilcoxon', 'differences'));
  });

  it('a value without a user, and a user without a value', () => {
    const values = Float64Array.of(1, 2, 3);
    for (const test of [permutationTest, bootstrapTest, clusteredMean]) {
      expect(() => test(values, user)).toThrow(/one user per value, got 3 values and 4 users/);
      expect(() => test(values, user.subarray(0, 2))).toThrow(expect.objectContaining({ code: 'E_LENGTHS_DIFFER' }));
    }
  });

  it('the gain of a measure', () => {
    defineMeasure('holes', (rank) => (rank === 2 ? Number.NaN : 1), { override: true });
    const [whole, holed] = [evaluationOf([1, 1, 3], [0, 1, 2]), evaluationOf([1, 2, 3], [0, 1, 2])];
    const options = { metric: 'holes@1' };
    const refused = /^the metric holes@1: gains\[1\] must be a finite number/;
    for (const test of ['permutation', 'bootstrap', 'wilcoxon'] as const) {
      expect(() => testDifference(whole, holed, { ...options, test })).toThrow(refused);
    }
    expect(() => compare(whole, holed, options)).toThrow(refused);
    expect(() => interval(holed, options)).toThrow(refused);
    expect(() => compareSeeds([whole, whole], [holed, holed], options)).toThrow(refused);
  });
});
