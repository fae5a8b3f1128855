import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BanditFeedback, Trajectories } from './feedback.ts';
import { offPolicyDifference, offPolicyValue } from './off-policy-value.ts';
import { tablePolicy, uniformPolicy } from './policy.ts';
import { policyTerms } from './policy-terms.ts';
import type { ActionValues } from './reward-model.ts';
import { sequenceDifference, sequenceValue } from './sequence-value.ts';

// Weights of the evaluated policy: 0.5 / 0.5 = 1, 0.5 / 0.25 = 2, 0.75 / 0.25 = 3.
const log: BanditFeedback = {
  actions: 2,
  action: [0, 1, 0],
  reward: [1, 0.5, 0],
  propensity: [0.5, 0.25, 0.25],
};
const policy = tablePolicy('evaluated', 2, [0.5, 0.5, 0.5, 0.5, 0.75, 0.25]);
const allow = { unsupported: 'estimate', resamples: 1 } as const;
/** q(x, a) = 0.4 for action 0 and 0.2 for action 1. */
const model: ActionValues = { name: 'q', values: (_, rounds) => [...rounds].flatMap(() => [0.4, 0.2]) };

describe('by hand', () => {
  // direct = 0.3, 0.3, 0.35; residuals = 0.6, 0.3, -0.4
  it.each([
    ['ips', (1 * 1 + 2 * 0.5) / 3],
    ['snips', (1 * 1 + 2 * 0.5) / 6],
    ['cips', (1 * 1 + 1.5 * 0.5) / 3],
    ['dm', 0.95 / 3],
    ['dr', (0.95 + 0.6 + 2 * 0.3 - 3 * 0.4) / 3],
    ['sndr', 0.95 / 3 + (0.6 + 0.6 - 1.2) / 6],
    ['switch-dr', (0.95 + 0.6) / 3],
  ] as const)('%s', async (estimator, value) => {
    const estimate = await offPolicyValue(log, policy, { ...allow, estimator, model, clip: 1.5 });
    expect(estimate.value).toBeCloseTo(value, 12);
    expect(estimate).toMatchObject({ policy: 'evaluated', estimator, confidence: 0.95, intervalBy: 'bootstrap' });
  });

  it('the weight of a category is the ratio of its probabilities', async () => {
    const three: BanditFeedback = { actions: 3, action: [0], reward: [1], propensity: [0.2] };
    const options = { ...allow, estimator: 'mips', categories: [0, 0, 1] } as const;
    const behavior = tablePolicy('behavior', 3, [0.2, 0.3, 0.5]);
    const { value } = await offPolicyValue(three, tablePolicy('p', 3, [0.1, 0.7, 0.2]), { ...options, behavior });
    expect(value).toBeCloseTo(0.8 / 0.5, 12);
  });

  it('trajectories of different lengths', async () => {
    // Weights 2 | 0.5, 3, cumulated 2 | 0.5, 1.5; discount 0.5.
    const trajectories: Trajectories = {
      actions: 2,
      action: [0, 0, 1],
      reward: [1, 2, 4],
      propensity: [0.5, 0.5, 0.25],
      offsets: [0, 1, 3],
      discount: 0.5,
    };
    const p = tablePolicy('p', 2, [1, 0, 0.25, 0.75, 0.25, 0.75]);
    const value = async (estimator: 'tis' | 'sntis' | 'pdis' | 'snpdis' | 'dm' | 'dr' | 'sndr') =>
      (await sequenceValue(trajectories, p, { ...allow, estimator, model })).value;
    expect(await value('tis')).toBeCloseTo((2 * 1 + 1.5 * (2 + 0.5 * 4)) / 2, 12);
    expect(await value('sntis')).toBeCloseTo((2 * 1 + 1.5 * (2 + 0.5 * 4)) / 3.5, 12);
    expect(await value('pdis')).toBeCloseTo((2 * 1 + 0.5 * 2 + 0.5 * 1.5 * 4) / 2, 12);
    // The trajectory that ended keeps its weight 2 at the second step.
    expect(await value('snpdis')).toBeCloseTo((2 * 1 + 0.5 * 2) / 2.5 + (0.5 * 1.5 * 4) / 3.5, 12);
    // V = 0.4 | 0.25, 0.25; residuals 0.6 | 1.6, 3.8
    expect(await value('dm')).toBeCloseTo((0.4 + 0.25) / 2, 12);
    const corrections = [2 * 0.6 + 0.4, 0.5 * 1.6 + 0.25 + 0.5 * (1.5 * 3.8 + 0.5 * 0.25)];
    expect(await value('dr')).toBeCloseTo((corrections[0]! + corrections[1]!) / 2, 12);
    const first = (2 * 0.6 + 0.5 * 1.6) / 2.5 + (0.4 + 0.25) / 2;
    expect(await value('sndr')).toBeCloseTo(first + (0.5 * 1.5 * 3.8) / 3.5 + (0.5 * 0.5 * 0.25) / 2.5, 12);
  });
});

describe('properties', () => {
  const logs = fc.array(
    fc.record({ action: fc.integer({ min: 0, max: 2 }), reward: fc.float({ noNaN: true, min: -2, max: 2 }) }),
    { minLength: 2, maxLength: 20 },
  );
  const feedbackOf = (rows: readonly { action: number; reward: number }[]): BanditFeedback => ({
    actions: 3,
    action: rows.map(({ action }) => action),
    reward: rows.map(({ reward }) => reward),
    propensity: rows.map(() => 1 / 3),
  });

  it('the behavior policy is worth the mean reward, by every estimator without a model', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.constantFrom('ips', 'snips', 'cips'), async (rows, estimator) => {
        const { value } = await offPolicyValue(feedbackOf(rows), uniformPolicy(3), { ...allow, estimator });
        expect(value).toBeCloseTo(rows.reduce((sum, { reward }) => sum + reward, 0) / rows.length, 6);
      }),
      { numRuns: 30 },
    );
  });

  it('a policy differs from itself by nothing, with certainty', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (rows) => {
        const options = { unsupported: 'estimate', resamples: 20 } as const;
        const { difference, interval } = await offPolicyDifference(
          feedbackOf(rows),
          uniformPolicy(3),
          uniformPolicy(3),
          options,
        );
        expect([difference, ...interval].every((value) => Math.abs(value) < 1e-12)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('rounds that are repeated within their cluster change neither value nor interval', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.constantFrom('ips', 'snips'), async (rows, estimator) => {
        const once = { ...feedbackOf(rows), cluster: rows.map((_, i) => i) };
        const twice = { ...feedbackOf([...rows, ...rows]), cluster: [...rows, ...rows].map((_, i) => i % rows.length) };
        const options = { unsupported: 'estimate', resamples: 30, estimator } as const;
        const p = tablePolicy(
          'p',
          3,
          rows.flatMap(() => [0.5, 0.3, 0.2]),
        );
        const pp = tablePolicy(
          'p',
          3,
          [...rows, ...rows].flatMap(() => [0.5, 0.3, 0.2]),
        );
        const [a, b] = [await offPolicyValue(once, p, options), await offPolicyValue(twice, pp, options)];
        expect(b.value).toBeCloseTo(a.value, 10);
        expect(b.interval[0]).toBeCloseTo(a.interval[0], 10);
        expect(b.interval[1]).toBeCloseTo(a.interval[1], 10);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the empirical Bernstein interval', () => {
  const bounds = { weight: 4, reward: [0, 1] } as const;
  const options = { ...allow, interval: 'bernstein', bounds } as const;
  /** n = 3, ln(2 / 0.025) = 4.382 */
  const reach = (values: number[], range: number): number => {
    const mean = values.reduce((sum, x) => sum + x, 0) / 3;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 2;
    const l = Math.log(80);
    return Math.sqrt((2 * variance * l) / 3) + (7 * range * l) / 6;
  };

  it.each([
    ['ips', [1, 1, 0], 4],
    ['cips', [1, 0.75, 0], 1.5],
    ['dm', [0.3, 0.3, 0.35], 1],
    ['dr', [0.9, 0.9, -0.85], 9],
    ['switch-dr', [0.9, 0.3, 0.35], 4],
  ] as const)('%s, by the range of a round', async (estimator, values, range) => {
    const { value, interval } = await offPolicyValue(log, policy, { ...options, estimator, model, clip: 1.5 });
    expect(interval[1] - value).toBeCloseTo(reach([...values], range), 10);
    expect(value - interval[0]).toBeCloseTo(reach([...values], range), 10);
  });

  it('of a difference, by the differences of the rounds and twice the range', async () => {
    const { difference, interval } = await offPolicyDifference(log, policy, uniformPolicy(2), {
      ...options,
      estimator: 'ips',
    });
    // Uniform weights: 1, 2, 2. Only the third round differs, and its reward is 0.
    expect(difference).toBeCloseTo(0, 12);
    expect(interval[1]).toBeCloseTo(reach([0, 0, 0], 8), 10);
  });

  it('of trajectories, by the sum of the discounts', async () => {
    const trajectories: Trajectories = { ...log, offsets: [0, 1, 2, 3], discount: 0.5 };
    const { value, interval } = await sequenceValue(trajectories, policy, { ...options, estimator: 'pdis' });
    expect(interval[1] - value).toBeCloseTo(reach([1, 1, 0], 4), 10);
    const longer: Trajectories = { ...log, offsets: [0, 1, 3], discount: 0.5 };
    const wide = { ...options, estimator: 'tis', bounds: { weight: 10, reward: [0, 1] } } as const;
    const two = await sequenceValue(longer, policy, wide);
    // Values 1 and 6 (0.5 + 0.5 * 0): range 10 * 1.5, n = 2.
    const l = Math.log(80);
    expect(two.interval[1] - two.value).toBeCloseTo(Math.sqrt(((3 - 1) ** 2 / 2) * l) + (7 * 15 * l) / 3, 10);
  });

  it.each([
    ['without bounds', { bounds: undefined }, "interval 'bernstein' needs the option bounds"],
    ['with a bound that a weight exceeds', { bounds: { weight: 2.9, reward: [0, 1] } }, 'The largest is 3.'],
    ['with a reward outside', { bounds: { weight: 4, reward: [0, 0.9] } }, 'One is 1.'],
    ['of a self-normalized estimator', { estimator: 'snips' }, "Use interval: 'bootstrap'."],
  ] as const)('is refused %s', async (_, changed, message) => {
    const given = { ...options, estimator: 'ips', ...changed } as Parameters<typeof offPolicyValue>[2];
    const refused = expect.objectContaining({ code: 'E_OPTION_VALUE', message: expect.stringContaining(message) });
    await expect(offPolicyValue(log, policy, given)).rejects.toEqual(refused);
  });

  it('is refused for rounds that depend on each other', async () => {
    const clustered = { ...log, cluster: [1, 1, 2] };
    await expect(offPolicyValue(clustered, policy, { ...options, estimator: 'ips' })).rejects.toThrow(
      'offPolicyValue: 3 rounds are in 2 clusters.',
    );
  });
});

describe('what an estimator needs is asked for', () => {
  it.each([
    [{ estimator: 'dr' }, 'dr needs the option model'],
    [{ estimator: 'mips' }, 'mips needs the option categories'],
    [{ estimator: 'mips', categories: [0, 0] }, 'categories need the option behavior'],
    [
      { estimator: 'mips', categories: [0], behavior: policy },
      'categories must have one entry for each of the 2 actions',
    ],
    [{ estimator: 'mips', categories: [0, 2], behavior: policy }, 'the category of action 1 must be in 0..1'],
    [{ estimator: 'dm', model: [model, model] }, 'a pair of models is for the difference of two policies'],
  ] as const)('%o', async (options, message) => {
    await expect(offPolicyValue(log, policy, { ...allow, ...options } as never)).rejects.toThrow(message);
  });

  it('a log of trajectories is not taken for rounds, and a fitted Q not for that of two policies', async () => {
    const trajectories: Trajectories = { ...log, offsets: [0, 3], discount: 1 };
    await expect(offPolicyValue(trajectories, policy)).rejects.toThrow('Use sequenceValue or sequenceDifference.');
    const options = { ...allow, estimator: 'dr', model } as const;
    await expect(sequenceDifference(trajectories, policy, policy, options)).rejects.toThrow('model must be a pair');
  });

  it('a pair of models is one for each policy', async () => {
    const zero: ActionValues = { name: 'zero', values: (_, rounds) => new Float64Array(2 * rounds.length) };
    const pair = { ...allow, estimator: 'dm', model: [model, zero] } as const;
    const { values, difference } = await offPolicyDifference(log, policy, policy, pair);
    expect(values[1]).toBe(0);
    expect(difference).toBeCloseTo(0.95 / 3, 12);
    expect((await sequenceDifference({ ...log, offsets: [0, 3], discount: 1 }, policy, policy, pair)).values[1]).toBe(
      0,
    );
  });
});

describe('terms in the place of a policy', () => {
  const other = uniformPolicy(2);
  const behavior = tablePolicy('behavior', 2, [0.5, 0.5, 0.75, 0.25, 0.25, 0.75]);
  const read = { model, behavior, categories: [0, 1] } as const;

  it.each(['snips', 'sndr', 'dr', 'snmips'] as const)(
    'give the same estimate and difference: %s',
    async (estimator) => {
      const [a, b] = [await policyTerms(log, policy, read), await policyTerms(log, other, read)];
      const asked = { ...allow, resamples: 50, estimator };
      const given = estimator === 'snmips' ? { ...asked, ...read } : asked;
      expect(await offPolicyValue(log, a, given)).toEqual(await offPolicyValue(log, policy, { ...asked, ...read }));
      const difference = await offPolicyDifference(log, a, b, given);
      expect(difference).toEqual(await offPolicyDifference(log, policy, other, { ...asked, ...read }));
    },
  );

  it('are refused for another log, and where they lack what an estimator reads', async () => {
    const terms = await policyTerms(log, policy);
    const shorter = { ...log, action: [0], reward: [1], propensity: [0.5] };
    await expect(offPolicyValue(shorter, terms, allow)).rejects.toThrow('the terms of evaluated are of another log');
    await expect(offPolicyValue(log, terms, { ...allow, estimator: 'dr' })).rejects.toThrow('dr needs terms with the option model'); // biome-ignore format: one line
  });
});
