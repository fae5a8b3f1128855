import { type Annotation, rowsHash, type Transitions } from '@lea/data';
import { describe, expect, it } from 'vitest';
import type { SignalOptions } from './options.ts';
import { leaSignals, signalsHash } from './signals.ts';

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
  positives: Int32Array.of(1, 4, 2, 4, 1, 2),
  logits: Float32Array.of(2, 1, 0, 3, 3, 3),
  positiveRewards: Float32Array.of(4, 0, 2, 1, 1, 3),
  rewardMean: 3,
  rewardStd: 2,
  hash: 'h',
};

const near = (values: ArrayLike<number>, expected: number[]) => {
  expect(values.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, 6);
};

describe('leaSignals', () => {
  it('actions: softmax of rewards in standard deviations', () => {
    const { targets, targetWeights, k, reward } = leaSignals(annotation, transitions, { positivesWeight: 0.5 });
    expect(k).toBe(3);
    expect(reward).toBeUndefined();
    expect([...targets!]).toEqual([1, 4, 2, 4, 1, 2]);
    // Row 0: rewards 4, 0 and 2 are 1 deviation apart. Row 1: 1, 1, 3.
    const [e, all, three] = [Math.E, 1 + Math.E + Math.E ** 2, 2 + Math.E];
    near(targetWeights!, [
      (0.5 * e ** 2) / all,
      0.5 / all,
      (0.5 * e) / all,
      0.5 / three,
      0.5 / three,
      (0.5 * e) / three,
    ]);
  });

  it('actions: k takes the first positives, temperature flattens', () => {
    const { targets, targetWeights } = leaSignals(annotation, transitions, { k: 2, temperature: 1e9 });
    expect([...targets!]).toEqual([1, 4, 4, 1]);
    near(targetWeights!, [0.5, 0.5, 0.5, 0.5]);
  });

  it('state: softmax of the logits over the top-k', () => {
    const use = { state: true, actions: false };
    const { targetWeights } = leaSignals(annotation, transitions, { use });
    const total = Math.E ** 2 + Math.E + 1;
    near(targetWeights!, [Math.E ** 2 / total, Math.E / total, 1 / total, 1 / 3, 1 / 3, 1 / 3]);
    const both = leaSignals(annotation, transitions, { use: { state: true } });
    // Their rewards are 2, 0 and 1 deviations.
    near(both.targetWeights!.slice(1, 3), [(Math.E + 1) / total, (1 + Math.E) / total]);
    expect(both.targetWeights!.slice(0, 3).reduce((a, b) => a + b)).toBeCloseTo(2, 6);
  });

  it('reward: twice the sigmoid, on the scale of the event', () => {
    const use = { reward: true, actions: false };
    const { reward, targets } = leaSignals(annotation, transitions, { use, rewards: [0.2, 1] });
    expect(targets).toBeUndefined();
    near(reward!, [0.4 / (1 + Math.E), 2 / (1 + 1 / Math.E)]);
    expect(() => leaSignals(annotation, transitions, { use })).toThrow(/use.reward needs rewards.*purchase: 1/);
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
    near(rewardOf({ rewardForm: 'standardized' }), [0, 2]);
    // 0.5 * 1 - 1.5 = -1 and 0.5 * 5 - 1.5 = 1.
    near(rewardOf({ rewardForm: 'calibrated' }), [0.4 / (1 + Math.E), 2 / (1 + 1 / Math.E)]);
    near(rewardOf({ rewardForm: 'raw', rewardMix: 0.25 }), [0.25 + 0.15, 1.25 + 0.75]);
    near(rewardOf({ rewardMix: 0 }), [0.2, 1]);
    expect(() => rewardOf({ rewardMix: 2 })).toThrow(/rewardMix/);
    expect(() => rewardOf({ rewardForm: 'standardised' as 'standardized' })).toThrow(/"standardized"/);
    const use = { reward: true, actions: false };
    const bare = () => leaSignals(annotation, transitions, { use, rewards: [0.2, 1], rewardForm: 'calibrated' });
    expect(bare).toThrow(/validation/);
  });

  it("rewards of positive actions: the logged event's own, or modeled around it in the form of logged ones", () => {
    const rewards = [0.2, 1];
    const of = (options: Partial<SignalOptions>) => leaSignals(annotation, transitions, { rewards, ...options });
    near(of({}).targetRewards!, [0.2, 0.2, 0.2, 1, 1, 1].map(Math.fround));
    expect(of({}).reward).toBeUndefined();
    const use = { reward: true };
    // Positive rewards 4, 0, 2 and 1, 1, 3 are 1/2, -3/2, -1/2 and -1, -1, 0 deviations from the mean.
    const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
    const formed = [0.4 * sigmoid(0.5), 0.4 * sigmoid(-1.5), 0.4 * sigmoid(-0.5), 2 * sigmoid(-1), 2 * sigmoid(-1), 1];
    near(of({ use }).targetRewards!, formed);
    near(of({ use, k: 2 }).targetRewards!, [formed[0]!, formed[1]!, formed[3]!, formed[4]!]);
    near(of({ use, rewardForm: 'raw' }).targetRewards!, [4, 0, 2, 1, 1, 3]);
    near(of({ use, rewardForm: 'standardized' }).targetRewards!, [0.3, -0.1, 0.1, 0, 0, 1]);
    near(
      of({ use, rewardMix: 0.5 }).targetRewards!,
      formed.map((x, i) => x / 2 + (i < 3 ? 0.1 : 0.5)),
    );
    expect(leaSignals(annotation, transitions).targetRewards).toBeUndefined();
    expect(of({ use: { state: true, actions: false } }).targetRewards).toBeUndefined();
    expect(() => of({ rewards: [0.2] })).toThrow(/leaSignals: expected 2 rewards, one per kind \(click, purchase\)/);
    const reward = Float64Array.from(transitions.sequences.items, (_, event) => event + 1);
    const logged = { ...transitions, sequences: { ...transitions.sequences, reward } };
    const plain = leaSignals(annotation, logged, { k: 2, rewards: 'logged' }).targetRewards!;
    near(
      plain,
      [...transitions.event].flatMap((event) => [event + 1, event + 1]),
    );
    expect(() => of({ rewards: 'logged' })).toThrow(/the log has no rewards of its own/);
    expect(() => leaSignals(annotation, transitions, { use })).toThrow(/use.reward needs rewards/);
  });

  it('rewards of positive actions under the controls: other items keep them, shuffling deals them out anew', () => {
    const use = { reward: true };
    const of = (ablation: SignalOptions['ablation']) =>
      leaSignals(annotation, transitions, { use, rewards: [0.2, 1], rewardForm: 'raw', ablation });
    const plain = of('none');
    const random = of('random-positives');
    expect(random.targets).not.toEqual(plain.targets);
    expect(random.targetRewards).toEqual(plain.targetRewards);
    const shuffled = of('shuffled-rewards');
    expect(shuffled.targets).toEqual(plain.targets);
    expect(shuffled.targetRewards).not.toEqual(plain.targetRewards);
    expect([...shuffled.targetRewards!].sort()).toEqual([...plain.targetRewards!].sort());
  });

  it('controls are keyed and break what they say', () => {
    const random = leaSignals(annotation, transitions, { ablation: 'random-positives', seed: 1 });
    expect(random).toEqual(leaSignals(annotation, transitions, { ablation: 'random-positives', seed: 1 }));
    expect(random.targets).not.toEqual(
      leaSignals(annotation, transitions, { ablation: 'random-positives', seed: 2 }).targets,
    );
    const many = { ...annotation, positiveRewards: Float32Array.of(10, 20, 30, 40, 50, 60) };
    const shuffled = leaSignals(many, transitions, { ablation: 'shuffled-rewards' });
    expect(shuffled.targets).toEqual(annotation.positives);
    expect(shuffled.targetWeights).not.toEqual(leaSignals(many, transitions).targetWeights);
    expect(() => leaSignals(annotation, transitions, { ablation: 'nonsense' as never })).toThrow(/shuffled-rewards/);
  });

  it('random positives: distinct, never the logged action, every other item equally often', () => {
    const rows = 2000;
    const items = new Int32Array(rows).map((_, i) => i % 5);
    const sequences = { ...transitions.sequences, items, kind: new Uint8Array(rows), offsets: Int32Array.of(0, rows) };
    const event = items.map((_, i) => i);
    const many = { ...transitions, sequences, event, count: rows };
    const column = new Float32Array(rows * 3).fill(1);
    const large = { ...annotation, rows, logits: column, positiveRewards: column, positives: new Int32Array(rows * 3) };
    const options = { ablation: 'random-positives', use: { state: true } } as const;
    const { targets, targetWeights } = leaSignals(large, many, options);
    const counts = new Map<string, number>();
    for (let row = 0; row < rows; row++) {
      const drawn = [...targets!.subarray(row * 3, row * 3 + 3)];
      expect(new Set([...drawn, items[row]]).size).toBe(4);
      for (const item of drawn) counts.set(`${items[row]} ${item}`, (counts.get(`${items[row]} ${item}`) ?? 0) + 1);
    }
    near(targetWeights!.subarray(0, 3), [2 / 3, 2 / 3, 2 / 3]);
    // Of 400 rows with one logged action, 3 of 4 other items: 300, standard deviation about 9.
    expect(counts.size).toBe(20);
    for (const count of counts.values()) expect(Math.abs(count - 300)).toBeLessThan(45);
    const five = { ...annotation, k: 5, positives: new Int32Array(10), logits: column, positiveRewards: column };
    expect(() => leaSignals(five, transitions, options)).toThrow(/at least 5 items.*smaller k/);
  });

  it('has a hash of its content', () => {
    const a = leaSignals(annotation, transitions);
    expect(signalsHash(a)).toBe(signalsHash(leaSignals(annotation, transitions)));
    expect(signalsHash(a)).not.toBe(signalsHash(leaSignals(annotation, transitions, { positivesWeight: 2 })));
    const valued = (click: number) => signalsHash(leaSignals(annotation, transitions, { rewards: [click, 1] }));
    const state = signalsHash({ ...a, environmentState: Float32Array.of(1, 2), stateSize: 1 });
    expect(new Set([signalsHash(a), valued(0.2), valued(0.3), state]).size).toBe(4);
    expect(signalsHash(undefined)).toBeNull();
  });

  it('refuses signals without a part, which would be the plain arm', () => {
    for (const use of [{ actions: false }, { state: false, reward: false, actions: false }]) {
      expect(() => leaSignals(annotation, transitions, { use })).toThrow(
        /at least one part of LEA in use.*without signals/,
      );
    }
  });

  it('refuses other rows and misspelt options', () => {
    expect(() => leaSignals({ ...annotation, rows: 3 }, transitions)).toThrow(/annotation of 2 rows/);
    const known = { ...annotation, rowsHash: rowsHash(transitions) };
    expect(leaSignals(known, transitions)).toEqual(leaSignals(annotation, transitions));
    const others = { ...transitions, sequences: { ...transitions.sequences, items: Int32Array.of(3, 0) } };
    expect(() => leaSignals(known, others)).toThrow(/of different rows/);
    expect(leaSignals(annotation, transitions).rowsHash).toBe(rowsHash(transitions));
    expect(() => leaSignals(annotation, transitions, { use: { action: true } as never })).toThrow(/"actions"/);
    for (const temperature of [0, Infinity, Number.NaN]) {
      expect(() => leaSignals(annotation, transitions, { temperature })).toThrow(
        /temperature must be (above 0|a finite number)/,
      );
    }
    for (const positivesWeight of [-1, Infinity]) {
      expect(() => leaSignals(annotation, transitions, { positivesWeight })).toThrow(/a finite number of at least 0/);
    }
    const use = { reward: true };
    for (const bad of [Number.NaN, Infinity, '1' as never]) {
      expect(() => leaSignals(annotation, transitions, { use, rewards: [0.2, bad] })).toThrow(
        /the reward of kind "purchase" must be a finite number/,
      );
    }
  });
});

it('what is no annotation, or nothing, is refused by name', () => {
  expect(() => leaSignals(Promise.resolve() as never, {} as never)).toThrow(
    /annotation must be an annotation.*Await it first/,
  );
  const annotation = { rows: 1, k: 1, positives: new Int32Array(1) };
  expect(() => leaSignals(annotation as never, undefined as never)).toThrow(/transitions must be/);
});
