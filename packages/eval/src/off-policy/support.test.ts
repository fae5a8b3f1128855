import { describe, expect, it } from 'vitest';
import type { BanditFeedback, Trajectories } from './feedback.ts';
import { offPolicyDifference } from './off-policy-value.ts';
import { tablePolicy, uniformPolicy } from './policy.ts';
import { describeSupport } from './support.ts';

const rows = (count: number, ...row: number[]): number[] => Array.from({ length: count }, () => row).flat();
const log: BanditFeedback = { actions: 2, action: [0, 1, 0, 0], reward: [1, 0, 1, 0], propensity: [0.5, 0.5, 0.25, 1] };

describe('describeSupport', () => {
  it('by hand', async () => {
    // Weights 1, 1, 2, 0.5.
    const support = await describeSupport(log, uniformPolicy(2), { minEffective: 3 });
    expect(support).toMatchObject({
      policy: 'uniform',
      unit: 'round',
      units: 4,
      clusters: 4,
      zeroWeights: 0,
      unlogged: 0,
    });
    expect(support.meanWeight).toBeCloseTo(1.125, 12);
    expect(support.effectiveSize).toBeCloseTo(4.5 ** 2 / 6.25, 12);
    expect(support.largestWeights).toEqual([2, 1, 1, 0.5]);
    expect(support.topShare).toBeCloseTo(2 / 4.5, 12);
    expect(support.unsupported).toBeUndefined();
    expect(support).toMatchObject({ answerable: true, reasons: [] });
  });

  it('of trajectories, by the products of their weights', async () => {
    const trajectories: Trajectories = { ...log, offsets: [0, 1, 4], discount: 1 };
    const support = await describeSupport(trajectories, uniformPolicy(2));
    expect(support).toMatchObject({ unit: 'trajectory', units: 2, largestWeights: [1, 1] });
  });

  it('counts clusters, by the first step of a trajectory', async () => {
    const clustered = { ...log, cluster: [7, 7, 7, 9] };
    expect((await describeSupport(clustered, uniformPolicy(2))).clusters).toBe(2);
    const trajectories: Trajectories = { ...clustered, offsets: [0, 1, 4], discount: 1 };
    expect((await describeSupport(trajectories, uniformPolicy(2))).clusters).toBe(1);
  });

  it('refuses actions that nobody took: by the behavior policy, or else by the log', async () => {
    const three = { ...log, actions: 3 };
    const policy = tablePolicy('p', 3, rows(4, 0.5, 0.3, 0.2));
    const free = { minEffective: 0, meanTolerance: 9 };
    const unknown = await describeSupport(three, policy, free);
    expect(unknown.reasons).toEqual([
      'the policy puts 20 % of its probability on actions that the log never has (at most 1 % are allowed)',
    ]);
    const never = tablePolicy('b', 3, rows(4, 0.5, 0.5, 0));
    expect((await describeSupport(three, policy, { ...free, behavior: never })).reasons).toEqual([
      'the policy puts 20 % of its probability on actions that the behavior policy never takes (at most 1 % are allowed)',
    ]);
    const seldom = tablePolicy('b', 3, rows(4, 0.5, 0.4, 0.1));
    const known = await describeSupport(three, policy, { ...free, behavior: seldom });
    expect(known).toMatchObject({ answerable: true, unsupported: 0 });
    expect(known.unlogged).toBeCloseTo(0.2, 12);
    // The action without support shares a category with one that has it.
    const merged = await describeSupport(three, policy, { ...free, behavior: never, categories: [0, 1, 1] });
    expect(merged).toMatchObject({ answerable: true, unsupported: 0 });
    const apart = await describeSupport(three, policy, { ...free, behavior: never, categories: [0, 0, 1] });
    expect(apart.unsupported).toBeCloseTo(0.2, 12);
  });

  it('refuses propensities that cannot be right', async () => {
    const wrong: BanditFeedback = {
      actions: 2,
      action: rows(200, 0, 1),
      reward: rows(400, 0),
      propensity: rows(400, 0.25),
    };
    const support = await describeSupport(wrong, uniformPolicy(2));
    expect(support.reasons).toEqual([
      'the mean weight is 2.00, more than 0.1 from 1, so propensities are wrong or support is missing',
    ]);
    // Twice as likely, half as many: nothing is left to say.
    expect((await describeSupport({ ...wrong, propensity: rows(400, 0.5) }, uniformPolicy(2))).answerable).toBe(true);
  });

  it('a difference needs support for both policies', async () => {
    const many: BanditFeedback = {
      actions: 2,
      action: rows(200, 0, 1),
      reward: rows(400, 1),
      propensity: rows(400, 0.5),
    };
    const other: BanditFeedback = { ...many, actions: 3 };
    const [first, second] = [tablePolicy('a', 3, rows(400, 0.5, 0.5, 0)), tablePolicy('b', 3, rows(400, 0, 0, 1))];
    expect((await offPolicyDifference(other, first, first, { resamples: 1 })).difference).toBe(0);
    await expect(offPolicyDifference(other, first, second)).rejects.toThrow(
      'the log cannot answer what b is worth by snips',
    );
  });

  it('a policy that never does what the log has', async () => {
    const policy = tablePolicy('p', 2, rows(2, 0, 1));
    const support = await describeSupport({ actions: 2, action: [0, 0], reward: [1, 1], propensity: [1, 1] }, policy);
    expect(support).toMatchObject({ effectiveSize: 0, topShare: 0, zeroWeights: 1, unlogged: 1, answerable: false });
  });
});

describe('a malformed log is refused by name', () => {
  it.each([
    [{ propensity: [0.5, 0.5, 0, 1] }, 'the propensity of round 2 must be above 0'],
    [{ reward: [1, 0] }, 'reward must have one entry for each of the 4 rounds'],
    [{ reward: [1, 0, Number.NaN, 0] }, 'the reward of round 2 must be finite'],
    [{ action: [0, 2, 0, 0] }, 'the action of round 1 must be in 0..1'],
    [{ state: [0, 0, -1, 0] }, 'the state of round 2'],
    [{ context: { data: [1, 2, 3], width: 1 } }, 'context must have 4 rows of 1 features'],
    [{ action: [], reward: [], propensity: [] }, 'the log has no rounds'],
    [{ actions: 0.5 }, 'actions must be a whole number'],
    [{ offsets: [0, 2, 2, 4], discount: 1 }, 'trajectory 1 has no step'],
    [{ offsets: [0, 3], discount: 1 }, 'offsets must begin with 0 and end with the number of steps, 4'],
    [{ offsets: [0, 4], discount: 1.1 }, 'discount must be a number from 0 to 1'],
  ])('%o', async (changed, message) => {
    const refused = expect.objectContaining({ code: 'E_FEEDBACK', message: expect.stringContaining(message) });
    await expect(describeSupport({ ...log, ...changed }, uniformPolicy(2))).rejects.toEqual(refused);
  });

  it.each([
    [tablePolicy('p', 2, rows(4, 0.5, 0.4)), 'the probabilities of round 0 must sum to 1'],
    [tablePolicy('p', 2, rows(4, 1.5, -0.5)), 'a probability of round 0 is negative'],
    [tablePolicy('p', 2, [1, 0]), 'p has no row of 2 probabilities per round'],
    [uniformPolicy(3), 'uniform has another number of actions than the log'],
  ])('so is a policy: %#', async (policy, message) => {
    const refused = expect.objectContaining({ code: 'E_PROBABILITIES', message: expect.stringContaining(message) });
    await expect(describeSupport(log, policy)).rejects.toEqual(refused);
  });
});
