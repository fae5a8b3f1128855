import { describe, expect, test } from 'vitest';
import { stepEnvironment } from './step-environment.ts';
import { byNumber, scale, sigmoid } from './testing.ts';

describe('simulated users', () => {
  test('rewards are what the option says, by hand', async () => {
    // z of item 3: (3 - 2) / 0.5 = 2
    for (const [reward, value] of [
      ['raw', 3],
      ['standardized', 2],
      ['sigmoid', sigmoid(2)],
    ] as const) {
      const env = await stepEnvironment(byNumber(), { scale, reward });
      const { info } = await env.reset();
      expect(info).toEqual({ step: 0, history: [], chosen: -1, probability: 0, raw: 0, rejections: 0 });
      const step = await env.step(3);
      expect(step.reward).toBeCloseTo(value, 6);
      expect(step.info).toMatchObject({ step: 1, raw: 3 });
      expect(step.info.probability).toBeCloseTo(sigmoid(2), 6);
    }
  });

  test('take up items as often as their probability says, and remember what they took up', async () => {
    const env = await stepEnvironment(byNumber(), { scale, reward: 'accepted', horizon: 1 });
    // z of item 2: 0; of 3 and 1: 2 and -2.
    for (const [item, p] of [
      [2, 0.5],
      [3, sigmoid(2)],
      [1, sigmoid(-2)],
    ] as const) {
      let taken = 0;
      for (let seed = 0; seed < 600; seed++) {
        await env.reset({ seed });
        const { reward, info } = await env.step(item);
        expect(info.chosen).toBe(reward === 1 ? item : -1);
        expect(info.history).toEqual(reward === 1 ? [item] : []);
        taken += reward;
      }
      // Four standard deviations.
      expect(Math.abs(taken / 600 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 600));
    }
  });

  test('decide anew in every step', async () => {
    const env = await stepEnvironment(byNumber(), { scale, reward: 'accepted', horizon: 60 });
    await env.reset();
    let taken = 0;
    for (let step = 0; step < 60; step++) taken += (await env.step(2)).reward;
    expect(Math.abs(taken - 30)).toBeLessThan(16);
  });

  test('of a slate they take up one at most, by a multinomial logit; doubles count once', async () => {
    const env = await stepEnvironment(byNumber(), { scale, slate: 3, horizon: 1, reward: 'sigmoid' });
    expect(env.actionSpace).toEqual({ type: 'multi-discrete', nvec: [5, 5, 5] });
    const weights = [Math.exp(0), Math.exp(2)];
    const total = 1 + weights[0]! + weights[1]!;
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 600; seed++) {
      await env.reset({ seed });
      const { reward, info } = await env.step([2, 3, 2]);
      expect(reward).toBeCloseTo((total - 1) / total, 6);
      expect(info.raw).toBeCloseTo(2.5, 6);
      counts.set(info.chosen, (counts.get(info.chosen) ?? 0) + 1);
    }
    for (const [item, weight] of [
      [2, weights[0]!],
      [3, weights[1]!],
      [-1, 1],
    ] as const) {
      const p = weight / total;
      expect(Math.abs(counts.get(item)! / 600 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 600));
    }
  });

  test('leave when patience is out; a history grows always where asked for', async () => {
    const never = { mean: 100, std: 1 };
    const impatient = await stepEnvironment(byNumber(), { scale: never, patience: 2, historyUpdate: 'always' });
    await impatient.reset();
    expect(await impatient.step(4)).toMatchObject({ terminated: false, info: { rejections: 1, history: [4] } });
    expect(await impatient.step(1)).toMatchObject({ terminated: true, truncated: false, info: { history: [4, 1] } });
    await expect(impatient.step(1)).rejects.toMatchObject({ code: 'E_EPISODE_OVER' });
    // Item 4 is always taken up, item 0 never: only rejections in a row count.
    const moody = await stepEnvironment(byNumber(), { scale: { mean: 2, std: 0.01 }, patience: 2 });
    await moody.reset();
    for (const item of [0, 4, 0]) expect((await moody.step(item)).terminated).toBe(false);
    expect((await moody.step(0)).terminated).toBe(true);
    const slates = await stepEnvironment(byNumber(), { scale: never, slate: 2, historyUpdate: 'always' });
    await slates.reset();
    expect((await slates.step([1, 3])).info.history).toEqual([3]);
    const patient = await stepEnvironment(byNumber(), { scale: never, horizon: 3 });
    await patient.reset();
    await patient.step(0);
    await patient.step(0);
    expect(await patient.step(0)).toMatchObject({ terminated: false, truncated: true, info: { rejections: 3 } });
  });

  test('no utility is too large', async () => {
    for (const mean of [-1e6, 1e6]) {
      const env = await stepEnvironment(byNumber(), { scale: { mean, std: 1 } });
      await env.reset();
      expect((await env.step(0)).reward).toBe(mean < 0 ? 1 : 0);
    }
  });
});
