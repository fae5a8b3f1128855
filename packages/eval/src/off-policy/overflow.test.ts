import { describe, expect, it } from 'vitest';
import type { Trajectories } from './feedback.ts';
import { offPolicyValue } from './off-policy-value.ts';
import { tablePolicy } from './policy.ts';
import type { SequenceEstimator } from './sequence-columns.ts';
import { sequenceValue } from './sequence-value.ts';
import { describeSupport } from './support.ts';

const TRAJECTORIES = 400;

/** Equal trajectories, whose steps have the weights `high` times 1000 and then `low` times 1 / 1000. */
function weighted(high: number, low = 0) {
  const steps = high + low;
  const count = TRAJECTORIES * steps;
  const isHigh = (i: number): boolean => i % steps < high;
  const trajectories: Trajectories = {
    actions: 2,
    action: new Int32Array(count),
    reward: new Float64Array(count).fill(1),
    propensity: Float64Array.from({ length: count }, (_, i) => (isHigh(i) ? 0.001 : 1)),
    offsets: Int32Array.from({ length: TRAJECTORIES + 1 }, (_, i) => i * steps),
    discount: 0.9,
  };
  const rows = Array.from({ length: count }, (_, i) => (isHigh(i) ? [1, 0] : [0.001, 0.999]));
  return { trajectories, policy: tablePolicy('p', 2, rows.flat()) };
}

/** Limits that every number meets. */
const none = { minEffective: 0, maxTopShare: 1, maxUnsupported: 1, meanTolerance: Number.MAX_VALUE };

describe('weights too large for a number, or for its square, are refused', () => {
  it.each([
    [60, '400.000000', /mean weight is 1\.00e\+180/],
    [100, '400.000000', /mean weight is 1\.00e\+300/],
    [110, 'NaN', /largest weight is Infinity/],
  ])('%i steps of weight 1000', async (steps, effectiveSize, reason) => {
    const { trajectories, policy } = weighted(steps);
    const support = await describeSupport(trajectories, policy);
    expect(support.effectiveSize.toFixed(6)).toBe(effectiveSize);
    expect(support.answerable).toBe(false);
    expect(support.reasons.join()).toMatch(reason);
  });

  it('a single large weight is an effective sample of one', async () => {
    const log = { actions: 1, action: [0, 0], reward: [1, 1], propensity: [1e-200, 1] };
    const { effectiveSize, topShare, answerable } = await describeSupport(log, tablePolicy('p', 1, [1, 1]));
    expect([effectiveSize, topShare, answerable]).toEqual([1, 1, false]);
  });

  it('equal small weights, whose squares vanish, are an effective sample of all', async () => {
    const log = { actions: 2, action: [0, 0], reward: [1, 1], propensity: [1, 1] };
    const policy = tablePolicy('p', 2, [1e-200, 1, 1e-200, 1]);
    expect((await describeSupport(log, policy)).effectiveSize).toBe(2);
  });
});

describe('no estimate is NaN or infinite without a reason against it', () => {
  it.each<SequenceEstimator>(['tis', 'sntis', 'pdis', 'snpdis'])(
    '%s, under limits that refuse nothing',
    async (estimator) => {
      const options = { ...none, estimator, resamples: 1 };
      for (const { trajectories, policy } of [weighted(100), weighted(110)]) {
        await expect(sequenceValue(trajectories, policy, options)).rejects.toThrow(/no finite number|Infinity/);
      }
    },
  );

  it.each<SequenceEstimator>(['pdis', 'snpdis'])(
    '%s, where only products on the way are too large',
    async (estimator) => {
      const { trajectories, policy } = weighted(60, 60);
      const options = { estimator, maxUnsupported: 1, resamples: 1 };
      expect(await describeSupport(trajectories, policy, { maxUnsupported: 1 })).toMatchObject({ answerable: true });
      await expect(sequenceValue(trajectories, policy, options)).rejects.toThrow('is no finite number');
      const { support } = await sequenceValue(trajectories, policy, { ...options, unsupported: 'estimate' });
      expect(support).toMatchObject({ answerable: false, reasons: [expect.stringContaining('no finite number')] });
    },
  );

  it('weights that are all 0', async () => {
    const log = { actions: 2, action: [0, 0], reward: [1, 1], propensity: [1, 1] };
    const never = tablePolicy('p', 2, [0, 1, 0, 1]);
    await expect(offPolicyValue(log, never, none)).rejects.toThrow('all weights are 0');
  });
});
