import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreement, pairwiseAccuracy, pearson, spearman } from './agreement.ts';

describe('agreement', () => {
  it('equals what is computed by hand', () => {
    const result = agreement([1, 2, 3, 10], [1, 3, 2, 4]);
    expect(result.spearman).toBeCloseTo(0.8, 14);
    expect(result.pairwiseAccuracy).toBeCloseTo(5 / 6, 14);
    // Deviations -3 -2 -1 6 and -1.5 .5 -.5 1.5: 13 / sqrt(50 * 5).
    expect(result.pearson).toBeCloseTo(13 / Math.sqrt(250), 14);
  });

  it('counts equal scores one half and leaves equal truths out', () => {
    expect(pairwiseAccuracy([1, 1, 1], [1, 2, 2])).toBe(0.5);
    expect(pairwiseAccuracy([1, 1, 5], [1, 2, 2])).toBe(0.75);
  });

  it('is NaN where nothing can be said', () => {
    expect(Object.values(agreement([1, 1], [1, 2]))).toEqual([Number.NaN, Number.NaN, 0.5]);
    expect(Object.values(agreement([1, 2], [1, 1]))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(Object.values(agreement([], []))).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  const pairs = fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 })), { minLength: 2 });

  it('counts pairs as two loops do, and turns round with the scores', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const score = list.map(([s]) => s);
        const truth = list.map(([, t]) => t);
        let [good, all] = [0, 0];
        for (const [s, t] of list) {
          for (const [s2, t2] of list) {
            if (t <= t2) continue;
            all++;
            good += s > s2 ? 1 : s === s2 ? 0.5 : 0;
          }
        }
        expect(pairwiseAccuracy(score, truth)).toBe(good / all);
        if (all > 0)
          expect(
            pairwiseAccuracy(
              score.map((s) => -s),
              truth,
            ),
          ).toBeCloseTo(1 - good / all, 12);
        const monotone = score.map((s) => s ** 3);
        if (all > 0 && new Set(score).size > 1)
          expect(spearman(monotone, truth)).toBeCloseTo(spearman(score, truth), 12);
      }),
    );
  });

  it('refuses NaN and different lengths', () => {
    expect(() => pearson([1, Number.NaN], [1, 2])).toThrow(expect.objectContaining({ code: 'E_SCORE_NAN' }));
    expect(() => spearman([1], [1, 2])).toThrow(expect.objectContaining({ code: 'E_LENGTHS_DIFFER' }));
  });
});
