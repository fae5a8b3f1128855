import type { Transitions } from '@lea/data';
import type { Annotation } from '@lea/env';
import { describe, expect, it } from 'vitest';
import { leaSignals, type SignalOptions, signalsHash } from './signals.ts';

// Two events: a click on item 0, a purchase of item 3.
const transitions: Transitions = {
  sequences: {
    userIds: ['u'],
    itemIds: ['a', 'b', 'c', 'd', 'e'],
    kinds: ['click', 'purchase'],
    offsets: Int32Array.of(0, 2),
    items: Int32Array.of(0, 3),
    kind: Uint8Array.of(0, 1),
    time: Float64Array.of(0, 1),
  },
  count: 2,
  event: Int32Array.of(0, 1),
  sequence: Int32Array.of(0, 0),
  done: Uint8Array.of(0, 1),
};

// Logged rewards 1 and 5: mean 3, standard deviation 2.
const annotation: Annotation = {
  rows: 2,
  k: 3,
  reward: Float32Array.of(1, 5),
  positives: Int32Array.of(1, 0, 2, 4, 1, 2),
  logits: Float32Array.of(2, 1, 0, 3, 3, 3),
  positiveRewards: Float32Array.of(4, 9, 2, 1, 1, 3),
  rewardMean: 3,
  rewardStd: 2,
  hash: 'h',
};

const near = (values: ArrayLike<number>, expected: number[]) => {
  expect(values.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, 6);
};

describe('leaSignals', () => {
  it('actions: softmax of rewards in standard deviations, the logged action left out', () => {
    const { targets, targetWeights, k, reward } = leaSignals(annotation, transitions, { alpha: 0.5 });
    expect(k).toBe(3);
    expect(reward).toBeUndefined();
    expect([...targets!]).toEqual([1, 0, 2, 4, 1, 2]);
    // Row 0: rewards 4 and 2 are 1 deviation apart. Row 1: 1, 1, 3.
    const [e, three] = [Math.E, 2 + Math.E];
    near(targetWeights!, [(0.5 * e) / (e + 1), 0, 0.5 / (e + 1), 0.5 / three, 0.5 / three, (0.5 * e) / three]);
  });

  it('actions: k takes the first positives, temperature flattens', () => {
    const { targets, targetWeights } = leaSignals(annotation, transitions, { k: 2, temperature: 1e6 });
    expect([...targets!]).toEqual([1, 0, 4, 1]);
    near(targetWeights!, [1, 0, 0.5, 0.5]);
  });

  it('state: softmax of the logits over the top-k, the logged action included', () => {
    const use = { state: true, actions: false };
    const { targetWeights } = leaSignals(annotation, transitions, { use });
    const total = Math.E ** 2 + Math.E + 1;
    near(targetWeights!, [Math.E ** 2 / total, Math.E / total, 1 / total, 1 / 3, 1 / 3, 1 / 3]);
    const both = leaSignals(annotation, transitions, { use: { state: true } });
    near(both.targetWeights!.slice(1, 2), [Math.E / total]);
    expect(both.targetWeights!.slice(0, 3).reduce((a, b) => a + b)).toBeCloseTo(2, 6);
  });

  it('reward: twice the sigmoid, on the scale of the event', () => {
    const use = { reward: true, actions: false };
    const { reward, targets } = leaSignals(annotation, transitions, { use, rewards: [0.2, 1] });
    expect(targets).toBeUndefined();
    near(reward!, [0.4 / (1 + Math.E), 2 / (1 + 1 / Math.E)]);
    expect(() => leaSignals(annotation, transitions, { use })).toThrow(/click, purchase/);
  });

  it("reward: other forms, and a share of the event's own", () => {
    const calibration = { slope: 0.5, intercept: -1.5 };
    const rewardOf = (options: Partial<SignalOptions>) =>
      leaSignals({ ...annotation, calibration }, transitions, {
        use: { reward: true, actions: false },
        rewards: [0.2, 1],
        ...options,
      }).reward!;
    near(rewardOf({ rewardForm: 'raw' }), [1, 5]);
    near(rewardOf({ rewardForm: 'standardised' }), [0, 2]);
    // 0.5 * 1 - 1.5 = -1 and 0.5 * 5 - 1.5 = 1.
    near(rewardOf({ rewardForm: 'calibrated' }), [0.4 / (1 + Math.E), 2 / (1 + 1 / Math.E)]);
    near(rewardOf({ rewardForm: 'raw', rewardMix: 0.25 }), [0.25 + 0.15, 1.25 + 0.75]);
    near(rewardOf({ rewardMix: 0 }), [0.2, 1]);
    expect(() => rewardOf({ rewardMix: 2 })).toThrow(/rewardMix/);
    expect(() => rewardOf({ rewardForm: 'standardized' as 'standardised' })).toThrow(/"standardised"/);
    const use = { reward: true, actions: false };
    const bare = () => leaSignals(annotation, transitions, { use, rewards: [0.2, 1], rewardForm: 'calibrated' });
    expect(bare).toThrow(/validation/);
  });

  it('controls are keyed and break what they say', () => {
    const random = leaSignals(annotation, transitions, { control: 'random-positives', seed: 1 });
    expect(random).toEqual(leaSignals(annotation, transitions, { control: 'random-positives', seed: 1 }));
    expect(random.targets).not.toEqual(
      leaSignals(annotation, transitions, { control: 'random-positives', seed: 2 }).targets,
    );
    random.targetWeights!.forEach((weight, i) => {
      if (random.targets![i] === [0, 3][Math.floor(i / 3)]) expect(weight).toBe(0);
    });
    const many = { ...annotation, positiveRewards: Float32Array.of(10, 20, 30, 40, 50, 60) };
    const shuffled = leaSignals(many, transitions, { control: 'shuffled-rewards' });
    expect(shuffled.targets).toEqual(annotation.positives);
    expect(shuffled.targetWeights).not.toEqual(leaSignals(many, transitions).targetWeights);
    expect(() => leaSignals(annotation, transitions, { control: 'nonsense' as never })).toThrow(/shuffled-rewards/);
  });

  it('has a hash of its content', () => {
    const a = leaSignals(annotation, transitions);
    expect(signalsHash(a)).toBe(signalsHash(leaSignals(annotation, transitions)));
    expect(signalsHash(a)).not.toBe(signalsHash(leaSignals(annotation, transitions, { alpha: 2 })));
    expect(signalsHash(undefined)).toBeNull();
  });

  it('refuses other rows and misspelt options', () => {
    expect(() => leaSignals({ ...annotation, rows: 3 }, transitions)).toThrow(/these transitions have 2/);
    expect(() => leaSignals(annotation, transitions, { use: { action: true } as never })).toThrow(/"actions"/);
    expect(() => leaSignals(annotation, transitions, { temperature: 0 })).toThrow(/above 0/);
  });
});
