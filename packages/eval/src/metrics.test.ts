import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averages, definedMeasures, defineMeasure, gains, parseMetric, rankOf } from './metrics.ts';

describe('rankOf', () => {
  it('puts greater scores first, and the smaller index among equals', () => {
    const scores = Float64Array.of(0.5, 2, 0.5, -1, 0.5);
    expect([0, 1, 2, 3, 4].map((target) => rankOf(scores, target))).toEqual([2, 1, 3, 5, 4]);
  });

  it('reads one row of many', () => {
    expect(rankOf(Float64Array.of(9, 9, 9, 1, 3, 2), 0, 3, 3)).toBe(3);
  });

  it('holds -0 and 0 for equal', () => {
    expect(rankOf(Float64Array.of(-0, 0), 1)).toBe(2);
    expect(rankOf(Float64Array.of(0, -0), 0)).toBe(1);
  });

  it('takes -Infinity, and says NaN for a row with NaN wherever it stands', () => {
    expect(rankOf(Float64Array.of(-Infinity, 0, -Infinity), 2)).toBe(3);
    expect(rankOf(Float64Array.of(Number.NaN, 1, 0), 1)).toBeNaN();
    expect(rankOf(Float64Array.of(0, 1, Number.NaN), 0)).toBeNaN();
    expect(rankOf(Float64Array.of(0, Number.NaN), 1)).toBeNaN();
  });

  const distinct = fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), {
    minLength: 1,
    maxLength: 20,
    comparator: (a, b) => a === b,
  });

  it('gives distinct scores the ranks 1..N, and follows the items when they are renumbered', () => {
    fc.assert(
      fc.property(distinct, fc.infiniteStream(fc.nat()), (values, stream) => {
        const scores = Float64Array.from(values);
        const ranks = values.map((_, target) => rankOf(scores, target));
        expect([...ranks].sort((a, b) => a - b)).toEqual(values.map((_, i) => i + 1));
        const weights = values.map(() => stream.next().value as number);
        const order = values.map((_, i) => i).sort((a, b) => weights[a]! - weights[b]!);
        const moved = Float64Array.from(order, (item) => values[item]!);
        expect(order.map((_, target) => rankOf(moved, target))).toEqual(order.map((item) => ranks[item]));
      }),
    );
  });
});

describe('averages', () => {
  it('equals what four events give by hand', () => {
    const m = averages([1, 3, 2, 7], [0, 0, 1, 0], ['click', 'purchase', 'cart'], [2, 100]);
    expect(m['hr@2']).toBe(0.5);
    expect(m['ndcg@2']).toBeCloseTo((1 + 1 / Math.log2(3)) / 4, 15);
    expect(m['mrr@2']).toBe(1.5 / 4);
    // Of one relevant item, recall is 0 or 1, precision 0 or 1 / k, and the only precision of map is that at its rank.
    expect(m['recall@2']).toBe(0.5);
    expect(m['precision@2']).toBe(0.25);
    expect(m['precision@2/purchase']).toBe(0.5);
    expect(m['map@2']).toBe(1.5 / 4);
    expect(m['hr@2/click']).toBe(1 / 3);
    expect(m['mrr@100/click']).toBeCloseTo((1 + 1 / 3 + 1 / 7) / 3, 15);
    expect(m['ndcg@100/purchase']).toBeCloseTo(1 / Math.log2(3), 15);
    expect(m['hr@100']).toBe(1);
    expect(m['hr@2/cart']).toBeNaN();
  });

  it('stays in 0..1, grows with k, and is ordered mrr <= ndcg <= hr', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 60 }),
        (ranks, k) => {
          const m = averages(
            ranks,
            ranks.map(() => 0),
            ['click'],
            [k, k + 1],
          );
          for (const name of ['hr', 'ndcg', 'mrr']) {
            expect(m[`${name}@${k}`]).toBeGreaterThanOrEqual(0);
            expect(m[`${name}@${k + 1}`]).toBeLessThanOrEqual(1 + 1e-12);
            expect(m[`${name}@${k + 1}`]).toBeGreaterThanOrEqual(m[`${name}@${k}`]!);
            expect(m[`${name}@${k}/click`]).toBe(m[`${name}@${k}`]);
          }
          expect(m[`mrr@${k}`]).toBeLessThanOrEqual(m[`ndcg@${k}`]! + 1e-12);
          expect(m[`ndcg@${k}`]).toBeLessThanOrEqual(m[`hr@${k}`]! + 1e-12);
        },
      ),
    );
  });
});

describe('parseMetric', () => {
  it('takes names apart', () => {
    expect(parseMetric('ndcg@10/purchase', ['click', 'purchase'])).toEqual({
      measure: 'ndcg',
      k: 10,
      kind: 'purchase',
    });
    expect(parseMetric('hr@5', ['click'])).toEqual({ measure: 'hr', k: 5 });
    expect([...gains([1, 6], parseMetric('hr@5', []))]).toEqual([1, 0]);
  });

  it.each(['ndcg', 'ndcg@0', 'auc@10', 'toString@1', 'ndcg@10/'])('refuses %s', (name) => {
    expect(() => parseMetric(name, ['click'])).toThrow(expect.objectContaining({ code: 'E_METRIC_UNKNOWN' }));
  });

  it('names the nearest kind', () => {
    expect(() => parseMetric('hr@5/purchas', ['click', 'purchase'])).toThrow(/Did you mean "purchase"/);
    expect(() => parseMetric('hr@5/buy', ['click', 'purchase'])).toThrow(
      /Got "buy"\. The kinds are: click, purchase\.$/,
    );
  });
});

it('a measure that is defined is counted and parsed like the others', () => {
  expect(definedMeasures()).toEqual([]);
  defineMeasure('rbp', (rank, k) => (rank <= k ? 0.2 * 0.8 ** (rank - 1) : 0));
  expect(definedMeasures()).toEqual(['rbp']);
  const metrics = averages([1, 3, 6], [0, 1, 1], ['click', 'purchase'], [5]);
  expect(metrics['rbp@5']).toBeCloseTo((0.2 + 0.128) / 3, 15);
  expect(metrics['rbp@5/purchase']).toBeCloseTo(0.064, 15);
  expect(parseMetric('rbp@5/purchase', ['purchase'])).toEqual({ measure: 'rbp', k: 5, kind: 'purchase' });
  const taken = (name: string) => () => defineMeasure(name, () => 1);
  expect(taken('ndcg')).toThrow(expect.objectContaining({ code: 'E_TYPE_TAKEN' }));
  expect(taken('rbp')).toThrow(expect.objectContaining({ code: 'E_TYPE_TAKEN' }));
  expect(taken('RBP@5')).toThrow(expect.objectContaining({ code: 'E_OPTION_VALUE', value: 'RBP@5' }));
  defineMeasure('hr', () => 0.5, { override: true });
  expect(averages([9], [0], ['click'], [5])['hr@5']).toBe(0.5);
  expect(definedMeasures()).toEqual(['hr', 'rbp']);
});
