import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../inference/environment.ts';
import { stepEnvironment } from './step-environment.ts';
import { byNumber, fitUsers, ITEMS, scale, sigmoid, train, world } from './testing.ts';

let fitted: Environment;
beforeAll(async () => {
  fitted = await fitUsers();
});
afterAll(() => fitted.dispose());

describe('starts and observations', () => {
  test('windows are padded with the number of items, histories are whole; starts are drawn by the seed', async () => {
    const env = await stepEnvironment(byNumber(), { scale, start: [[0, 1, 2, 3], [4]], observation: 'window' });
    expect(env.observationSpace).toEqual({ type: 'multi-discrete', nvec: [6, 6, 6] });
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { observation, info } = await env.reset({ seed });
      seen.add(`${[...observation]} ${info.history}`);
    }
    expect([...seen].sort()).toEqual(['1,2,3 0,1,2,3', '4,5,5 4']);
  });

  test('a fitted environment shows its states; the scale is that of the logged actions', async () => {
    const env = await stepEnvironment(fitted, { start: [[2, 3, 4]], scale: train, reward: 'standardized' });
    expect(env.observationSpace).toMatchObject({ type: 'box', shape: [fitted.stateSize] });
    const { observation, info } = await env.reset({ seed: 5 });
    const windows = { items: Int32Array.from(info.history), length: Int32Array.of(info.history.length) };
    const asked = { ...windows, size: 1, window: info.history.length };
    expect(observation).toEqual(await fitted.states(asked));
    const next = (info.history.at(-1)! + 1) % ITEMS;
    const step = await env.step(next);
    expect(step.info.raw).toBeCloseTo((await fitted.rewards(asked, Int32Array.of(next)))[0]!, 5);
    // What was logged is what is liked: near the mean, other items far below.
    const wrong = await env.fork();
    await wrong.reset({ seed: 5 });
    expect((await wrong.step((next + 5) % ITEMS)).reward).toBeLessThan(step.reward - 1);
  });

  test('with its calibration, items are taken up with the probability it gives them', async () => {
    const calibration = { slope: 0.5, intercept: -1 };
    const source = { ...fitted, calibration };
    const env = await stepEnvironment(source, { scale: 'calibration' });
    await env.reset();
    const { reward, info } = await env.step(3);
    expect(reward).toBeCloseTo(sigmoid(0.5 * info.raw - 1), 6);
    const { calibration: _, ...without } = source;
    await expect(stepEnvironment(without, { scale: 'calibration' })).rejects.toThrow(
      'needs a source with a calibration',
    );
    const upside = { ...source, calibration: { slope: -1, intercept: 0 } };
    await expect(stepEnvironment(upside, { scale: 'calibration' })).rejects.toThrow('positive slope');
  });

  test('a world shows its belief, and its rewards are the true ones', async () => {
    const env = await stepEnvironment(world, { reward: 'raw', historyUpdate: 'always' });
    expect(env.observationSpace).toEqual({ type: 'box', shape: [4], low: 0, high: 1, dtype: 'float32' });
    const history: number[] = [];
    let { observation } = await env.reset();
    for (const item of [3, 8, 3]) {
      expect([...observation]).toEqual([...Float32Array.from(world.outlook(history).belief)]);
      const step = await env.step(item);
      expect(step.reward).toBeCloseTo(world.reward(history)[item]!, 7);
      history.push(item);
      ({ observation } = step);
    }
  });

  test("other rewards over a fitted environment's states", async () => {
    const model = { ...byNumber(), items: ITEMS };
    const env = await stepEnvironment(fitted, { rewardModel: model, scale, reward: 'raw' });
    expect(env.observationSpace).toMatchObject({ shape: [8] });
    await env.reset();
    expect((await env.step(9)).reward).toBe(9);
  });
});

test('of a model that reads no history, the newest 20 items are shown', async () => {
  const env = await stepEnvironment({ ...byNumber(), window: 0 }, { scale: { mean: -50, std: 1 }, start: [[0, 1]] });
  expect(env.observationSpace).toMatchObject({ nvec: Array(20).fill(6) });
  await env.reset();
  const { observation, info } = await env.step(4);
  expect(info.history).toEqual([0, 1, 4]);
  expect([...observation]).toEqual([0, 1, 4, ...Array(17).fill(5)]);
});
