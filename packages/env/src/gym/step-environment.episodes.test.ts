import { fold, integers, key } from '@lea/core';
import { sequences, transitions, type Windows } from '@lea/data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../inference/environment.ts';
import type { StepOptions } from './options.ts';
import { stepEnvironment } from './step-environment.ts';
import { byNumber, fitUsers, ITEMS, scale, train, world } from './testing.ts';
import type { StepEnvironment } from './types.ts';

let fitted: Environment;
beforeAll(async () => {
  fitted = await fitUsers();
});
afterAll(() => fitted.dispose());

async function trajectory(env: StepEnvironment, seed: number, actions: readonly number[]) {
  const told: unknown[] = [await env.reset({ seed })];
  for (const action of actions) told.push(await env.step(action));
  return told;
}

describe('episodes', () => {
  test('equal seeds and actions give equal ones; without a seed, the next of the last seed', async () => {
    for (const source of [fitted, world]) {
      const options = { horizon: 6, start: source === fitted ? train : transitions(sequences(world.interactions)) };
      const env = await stepEnvironment(source, options);
      const actions = [...integers(key(1), 6, ITEMS)];
      const first = await trajectory(env, 7, actions);
      const following = await env.reset();
      expect(await trajectory(env.fork(), 7, actions)).toEqual(first);
      expect(await trajectory(env, 7, actions)).toEqual(first);
      expect(await env.reset()).toEqual(following);
      expect(await trajectory(env, 8, actions)).not.toEqual(first);
    }
  });

  test('side by side they are the same as one by one, with one call of the model a step', async () => {
    const model = byNumber();
    const options: Partial<StepOptions> = { scale, horizon: 4, patience: 2, start: [[1], [2, 3], []] };
    const env = await stepEnvironment(model, options);
    const many = env.vectorize(5);
    expect(many).toMatchObject({ size: 5, autoresetMode: 'next-step', singleActionSpace: { type: 'discrete', n: 5 } });
    const actionsAt = (step: number) => integers(fold(key(3), step), 5, 4);
    const steps: Partial<Awaited<ReturnType<typeof many.step>>>[] = [];
    let { observations, infos } = await many.reset({ seed: 20 });
    steps.push({ observations, infos });
    model.calls.length = 0;
    for (let step = 0; step < 8; step++) {
      const result = await many.step(actionsAt(step));
      ({ observations, infos } = result);
      steps.push(result);
    }
    expect(model.calls.length).toBeLessThanOrEqual(8);
    expect(model.calls[0]!.actions).toEqual(actionsAt(0));

    for (let i = 0; i < 5; i++) {
      const own = env.fork();
      let over = false;
      let { observation, info } = await own.reset({ seed: 20 + i });
      const row = (at: number) => steps[at]!.observations!.subarray(i * 3, i * 3 + 3);
      expect([row(0), steps[0]!.infos![i]]).toEqual([observation, info]);
      for (let step = 0; step < 8; step++) {
        const result = steps[step + 1]! as Awaited<ReturnType<typeof many.step>>;
        const seen = [result.rewards[i], result.terminated[i], result.truncated[i]];
        if (over) {
          ({ observation, info } = await own.reset());
          expect(seen).toEqual([0, false, false]);
          over = false;
        } else {
          const alone = await own.step(actionsAt(step)[i]!);
          ({ observation, info } = alone);
          expect(seen).toEqual([alone.reward, alone.terminated, alone.truncated]);
          over = alone.terminated || alone.truncated;
        }
        expect([row(step + 1), result.infos[i]]).toEqual([observation, info]);
      }
    }
  });

  test('side by side without autoreset, episodes that are over stay as they are', async () => {
    for (const source of [byNumber(), fitted, world]) {
      const env = await stepEnvironment(source, { scale: { mean: 1, std: 2 }, patience: 1, horizon: 5 });
      const many = env.vectorize(6, { autoresetMode: 'disabled' });
      expect(many.autoresetMode).toBe('disabled');
      let { observations, infos } = await many.reset({ seed: 3 });
      const width = observations.length / 6;
      const own = Array.from({ length: 6 }, () => env.fork());
      const last = await Promise.all(own.map((one, i) => one.reset({ seed: 3 + i })));
      const over = own.map(() => false);
      const ends: number[] = [];
      for (let step = 0; step < 6; step++) {
        const actions = integers(fold(key(8), step), 6, 5);
        const result = await many.step(actions);
        ({ observations, infos } = result);
        for (const [i, one] of own.entries()) {
          const told = [result.rewards[i], result.terminated[i], result.truncated[i]];
          if (over[i]) expect(told).toEqual([0, false, false]);
          else {
            const alone = await one.step(actions[i]!);
            expect(told).toEqual([alone.reward, alone.terminated, alone.truncated]);
            last[i] = alone;
            over[i] = alone.terminated || alone.truncated;
            if (over[i]) ends.push(step);
          }
          expect([observations.slice(i * width, (i + 1) * width), infos[i]]).toEqual([
            last[i]!.observation,
            last[i]!.info,
          ]);
        }
      }
      expect(ends).toHaveLength(6);
      expect(new Set(ends).size).toBeGreaterThan(1);
    }
  });

  test('side by side over a fitted environment', async () => {
    const env = await stepEnvironment(fitted, { start: train, horizon: 3 });
    const many = env.vectorize(3);
    const { observations } = await many.reset({ seed: 4 });
    const { rewards } = await many.step([1, 2, 3]);
    for (let i = 0; i < 3; i++) {
      const own = env.fork();
      const { observation } = await own.reset({ seed: 4 + i });
      expect(observations.subarray(i * 8, i * 8 + 8)).toEqual(observation);
      expect((await own.step(i + 1)).reward).toBe(rewards[i]);
    }
  });

  test('a step that failed can be taken again', async () => {
    const model = byNumber();
    const env = await stepEnvironment(
      {
        ...model,
        rewards: async (w: Windows, a: Int32Array) => (fail ? Promise.reject(new Error('away')) : model.rewards(w, a)),
      },
      { scale },
    );
    let fail = false;
    const undisturbed = await trajectory(env, 1, [3, 2]);
    await env.reset({ seed: 1 });
    fail = true;
    await expect(env.step(3)).rejects.toThrow('away');
    fail = false;
    expect([await env.step(3), await env.step(2)]).toEqual(undisturbed.slice(1));
  });
});

test('what is out of order is named', async () => {
  const env = await stepEnvironment(byNumber(), { scale, horizon: 2 });
  await expect(env.step(0)).rejects.toMatchObject({ code: 'E_NOT_RESET' });
  await env.reset();
  for (const action of [5, -1, 0.5, Number.NaN, [0], '0' as never]) {
    await expect(env.step(action)).rejects.toMatchObject({ code: 'E_ACTION' });
  }
  const [one, other] = await Promise.allSettled([env.step(0), env.step(0)]);
  expect(one.status).toBe('fulfilled');
  expect(other).toMatchObject({ reason: { code: 'E_STEP_PENDING' } });
  await expect(env.reset({ seed: -1 })).rejects.toThrow('seed');
  await env.dispose();
  await expect(env.reset()).rejects.toMatchObject({ code: 'E_DISPOSED' });
  const many = env.vectorize(2);
  await many.reset();
  await expect(many.step([1])).rejects.toMatchObject({ code: 'E_ACTION' });
  await expect(many.step([1, 9])).rejects.toMatchObject({ code: 'E_ACTION' });
  expect(() => env.vectorize(0)).toThrow('1 to 4096');
  expect(() => env.vectorize(2, { autoresetMode: 'same-step' as never })).toThrow('autoresetMode');

  const make = (options: object) => stepEnvironment(byNumber(), { scale, ...options });
  await expect(make({ horizn: 1 })).rejects.toThrow('Did you mean "horizon"?');
  await expect(make({ scale: undefined })).rejects.toThrow('scale is required');
  await expect(make({ scale: { mean: 0, std: 0 } })).rejects.toThrow('std above 0');
  await expect(make({ observation: 'state' })).rejects.toThrow('no states');
  await expect(make({ reward: 'sum' })).rejects.toThrow('reward');
  await expect(make({ start: [] })).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
  await expect(make({ start: train })).rejects.toThrow('must have the catalog');
  for (const start of [[[0], [7]], [[-1]], [[0.5]], [['a']]]) {
    await expect(make({ start })).rejects.toMatchObject({ code: 'E_ITEM_RANGE' });
  }
  for (const start of ['full', 5, null, {}, [3, 4], [[0], 1]])
    await expect(make({ start })).rejects.toThrow('start must be');
  for (const slate of [0, 6, 2 ** 33]) await expect(make({ slate })).rejects.toThrow('slate must be');
  for (const window of [0, 2 ** 33]) await expect(make({ window })).rejects.toThrow('window must be');
  for (const patience of [0, 1.5, Number.NaN]) await expect(make({ patience })).rejects.toThrow('patience must be');
  for (const bad of [5, 'train', {}]) await expect(make({ scale: bad })).rejects.toThrow('finite mean');
  await expect(make({ horizon: Infinity })).rejects.toThrow('horizon');
  await expect(stepEnvironment(fitted, { start: train, rewardModel: byNumber() })).rejects.toThrow('reward model for');
  const missing = { ...byNumber(), rewards: async () => Float32Array.of(Number.NaN) };
  const holes = await stepEnvironment(missing, { scale });
  await holes.reset();
  await expect(holes.step(0)).rejects.toMatchObject({ code: 'E_REWARD_MISSING' });
});
