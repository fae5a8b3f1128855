import { ce, sa2c, sasrec } from '@lea/agents';
import { key } from '@lea/core';
import { itemCounts, type Transitions } from '@lea/data';
import { describe, expect, it } from 'vitest';
import { createItemSampler } from './item-sampler.ts';
import { itemStatistics, samplingWeights } from './statistics.ts';

/** Five events, of which the first three are train decisions. */
const log: Transitions = {
  sequences: {
    userIds: ['u', 'v'],
    itemIds: ['a', 'b', 'c', 'd'],
    kinds: ['click'],
    offsets: Int32Array.of(0, 3, 5),
    items: Int32Array.of(1, 1, 2, 3, 3),
    kind: new Uint8Array(5),
    time: new Float64Array(5),
  },
  count: 3,
  event: Int32Array.of(0, 1, 2),
  sequence: Int32Array.of(0, 0, 0),
  done: Uint8Array.of(0, 0, 1),
};

describe('itemStatistics', () => {
  it('counts the decisions of the train split, nobody else’s', () => {
    expect([...itemCounts(log)]).toEqual([0, 2, 1, 0]);
  });

  it('logQ is the log of the distribution that candidates are drawn from', () => {
    const agent = ce({ encoder: sasrec(), loss: 'sampled-softmax', samplingPower: 1 });
    const { logQ, ...others } = itemStatistics(agent, log);
    expect(others).toEqual({});
    const expected = [1 / 7, 3 / 7, 2 / 7, 1 / 7].map(Math.log);
    expect(logQ!.shape).toEqual([4]);
    for (const [i, value] of expected.entries()) expect(logQ!.data[i]).toBeCloseTo(value, 6);
  });

  it('logFrequency is the log of the share of the log, with a floor', () => {
    const { logFrequency } = itemStatistics(sa2c({ encoder: sasrec(), correctionPower: 0.5 }), log);
    for (const [i, value] of [1 / 7, 3 / 7, 2 / 7, 1 / 7].map(Math.log).entries()) {
      expect(logFrequency!.data[i]).toBeCloseTo(value, 6);
    }
  });

  it('is empty for losses that read none', () => {
    expect(itemStatistics(ce({ encoder: sasrec() }), log)).toEqual({});
  });
});

describe('createItemSampler', () => {
  const weights = Float64Array.of(1, 0, 5, 2, 0.5, 3);
  const total = weights.reduce((sum, x) => sum + x, 0);

  it('draws in proportion to the weights', () => {
    const draw = createItemSampler(key(7), weights);
    const counts = new Float64Array(weights.length);
    const out = new Int32Array(100);
    for (let step = 0; step < 400; step++) {
      draw(step, out);
      for (const item of out) counts[item]! += 1;
    }
    let chiSquare = 0;
    for (const [i, weight] of weights.entries()) {
      const expected = (40_000 * weight) / total;
      if (weight === 0) expect(counts[i]).toBe(0);
      else chiSquare += (counts[i]! - expected) ** 2 / expected;
    }
    // The 99.9 % quantile at 4 degrees of freedom.
    expect(chiSquare).toBeLessThan(18.5);
  });

  it('is a function of key and step', () => {
    const drawn = (seed: number, step: number) => {
      const out = new Int32Array(20);
      createItemSampler(key(seed), weights)(step, out);
      return [...out];
    };
    expect(drawn(1, 5)).toEqual(drawn(1, 5));
    expect(drawn(1, 5)).not.toEqual(drawn(1, 6));
    expect(drawn(1, 5)).not.toEqual(drawn(2, 5));
  });

  it('power 0 is uniform, power 1 follows 1 + count', () => {
    expect([...samplingWeights(Float64Array.of(0, 3), 0)]).toEqual([1, 1]);
    expect([...samplingWeights(Float64Array.of(0, 3), 1)]).toEqual([1, 4]);
    expect([...samplingWeights(Float64Array.of(0, 3), 0.5)]).toEqual([1, 2]);
  });
});
