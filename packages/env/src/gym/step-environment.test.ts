import { fold, integers, key } from '@lea/core';
import { createWorld, type RewardModel, sequences, transitions, type Windows } from '@lea/data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fitEnvironment } from '../fit/fit-environment.ts';
import type { Environment } from '../inference/environment.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { follow, rowsOf } from '../testing.ts';
import { greedyActor, uniformActor } from './actors.ts';
import { checkEnvironment, type Problem } from './check-environment.ts';
import type { StepOptions } from './options.ts';
import { rollout } from './rollout.ts';
import { stepEnvironment } from './step-environment.ts';
import type { StepEnvironment, VectorStepEnvironment } from './types.ts';

const ITEMS = 12;
const world = createWorld({ users: 40, items: 30, tastes: 4, seed: 2 });
/** Users who go from item i to i + 1. */
const train = rowsOf(
  Array.from({ length: 60 }, (_, u) => Array.from({ length: 8 }, (_, t) => (u + t) % ITEMS)),
  ITEMS,
);
let fitted: Environment;
beforeAll(async () => {
  const small = { width: 8, layers: 1, heads: 1, window: 6, batch: 64, lr: 0.02, dropout: 0, epochs: 6 };
  fitted = await fitEnvironment({ train, ...small });
});
afterAll(() => fitted.dispose());

/** Likes items by their number: utility of item i is i. Remembers how it was called. */
function byNumber(): RewardModel & { calls: { windows: Windows; actions: Int32Array }[] } {
  const calls: { windows: Windows; actions: Int32Array }[] = [];
  return {
    name: 'by number',
    items: 5,
    window: 3,
    calls,
    async rewards(windows, actions) {
      calls.push({ windows, actions });
      return Float32Array.from(actions);
    },
  };
}
const scale = { mean: 2, std: 0.5 };

async function trajectory(env: StepEnvironment, seed: number, actions: readonly number[]) {
  const told: unknown[] = [await env.reset({ seed })];
  for (const action of actions) told.push(await env.step(action));
  return told;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

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

describe('starts and observations', () => {
  test('windows are padded with the number of items; starts are drawn by the seed', async () => {
    const env = await stepEnvironment(byNumber(), { scale, start: [[0, 1, 2, 3], [4]], observation: 'window' });
    expect(env.observationSpace).toEqual({ type: 'multi-discrete', nvec: [6, 6, 6] });
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const { observation, info } = await env.reset({ seed });
      seen.add(`${[...observation]} ${info.history}`);
    }
    expect([...seen].sort()).toEqual(['1,2,3 1,2,3', '4,5,5 4']);
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

describe('checkEnvironment', () => {
  test('finds nothing in ours', async () => {
    const rows = transitions(sequences(world.interactions));
    for (const env of [
      await stepEnvironment(fitted, { start: train, horizon: 5, patience: 2 }),
      await stepEnvironment(world, { start: rows, horizon: 4, slate: 3 }),
      await stepEnvironment(byNumber(), { scale, horizon: 3, historyUpdate: 'always' }),
    ]) {
      expect(await checkEnvironment(env, { steps: 12 })).toEqual([]);
    }
  });

  const ours = async () => await stepEnvironment(byNumber(), { scale, horizon: 3, reward: 'raw' });
  const broken: [string, string, (env: StepEnvironment) => Partial<StepEnvironment>][] = [
    ['space', 'whole number n', () => ({ actionSpace: { type: 'discrete', n: 0 } })],
    ['space', 'nvec', () => ({ observationSpace: { type: 'multi-discrete', nvec: [] } })],
    ['observation', 'array of 2', () => ({ observationSpace: { type: 'multi-discrete', nvec: [6, 6] } })],
    ['reset', 'missing: info', (env) => ({ reset: async (o) => ({ ...(await env.reset(o)), info: undefined! }) })],
    ['step', 'finite number', (env) => ({ step: async (a) => ({ ...(await env.step(a)), reward: Number.NaN }) })],
    ['step', 'terminated', (env) => ({ step: async (a) => ({ ...(await env.step(a)), terminated: 0 as never }) })],
    ['json', 'plain JSON', (env) => ({ step: async (a) => ({ ...(await env.step(a)), info: { x: 1n } as never }) })],
    ['horizon', 'reached the horizon', () => ({ horizon: 2 })],
    ['horizon', 'before the horizon', () => ({ horizon: 4 })],
    ['determinism', 'step 1', (env) => ({ step: async (a) => ({ ...(await env.step(a)), reward: counter++ }) })],
    ['determinism', 'result of reset', (env) => ({ reset: async (o) => ({ ...(await env.reset(o)), n: counter++ }) })],
    ['throws', 'away', () => ({ step: () => Promise.reject(new Error('away')) })],
    [
      'observation',
      'changed after',
      (env) => {
        const same = new Int32Array(3);
        const into = <T extends { observation: unknown }>(result: T) => {
          same.set(result.observation as Int32Array);
          return { ...result, observation: same };
        };
        return { reset: async (o) => into(await env.reset(o)), step: async (a) => into(await env.step(a)) };
      },
    ],
    ['end', 'after the end', (env) => ({ step: (a) => env.step(a).catch(async () => (await env.reset()) as never) })],
    ['vectorize', 'size: 2', (env) => ({ vectorize: () => env.vectorize(3) })],
    [
      'vectorize',
      'After reset({ seed: 0 }), row 1',
      (env) => ({
        vectorize: (size) => {
          const many = env.vectorize(size);
          const swapped = async () => {
            const { observations, infos } = await many.reset({ seed: 0 });
            return { observations, infos: infos.map((info, i) => ({ ...info, step: i })) };
          };
          return { ...many, reset: swapped };
        },
      }),
    ],
    [
      'vectorize',
      'Row 0 in step 1 of vectorize(2)',
      (env) => ({ vectorize: (n) => altered(env.vectorize(n), () => true) }),
    ],
    [
      'autoreset',
      'must start the next episode',
      // As AutoresetMode.DISABLED has it.
      (env) => ({
        vectorize: (n) => ({ ...env.vectorize(n, { autoresetMode: 'disabled' }), autoresetMode: 'next-step' }),
      }),
    ],
    ['autoreset', 'with reward 0', (env) => ({ vectorize: (n) => altered(env.vectorize(n), (step) => step === 4) })],
    // Everything is shared.
    ['fork', 'another episode', (env) => ({ fork: () => ({ ...env, dispose: async () => {} }) })],
    ['order', 'before the first reset', (env) => ({ fork: () => forkOf(env, { ready: true }) })],
    ['order', 'during an unfinished step', (env) => ({ fork: () => forkOf(env, { queue: true }) })],
    ['order', 'after dispose', (env) => ({ fork: () => ({ ...env.fork(), dispose: async () => {} }) })],
    [
      'action',
      'outside actionSpace',
      (env) => ({ step: (a) => env.step(Number(a) >= 0 && Number(a) < 5 ? Math.floor(Number(a)) : 0) }),
    ],
  ];
  let counter = 0;
  /** Rewards are one too high in some steps. */
  function altered(many: VectorStepEnvironment, when: (step: number) => boolean): VectorStepEnvironment {
    let steps = 0;
    return {
      ...many,
      async step(actions) {
        const result = await many.step(actions);
        return when(++steps) ? { ...result, rewards: result.rewards.map((reward) => reward + 1) } : result;
      },
    };
  }
  /** A fork that is reset from the beginning, or that lets steps wait for one another. */
  function forkOf(env: StepEnvironment, { ready = false, queue = false }): StepEnvironment {
    const fork = env.fork();
    let last: Promise<unknown> = ready ? fork.reset() : Promise.resolve();
    return {
      ...fork,
      reset: async (options) => {
        await last;
        return await fork.reset(options);
      },
      step: (action) => {
        if (!ready && !queue) return fork.step(action);
        const next = last.then(() => fork.step(action));
        last = next.catch(() => undefined);
        return next;
      },
    };
  }
  test.each(broken)('%s: %s', async (rule, message, change) => {
    const env = await ours();
    const problems = await checkEnvironment({ ...env, ...change(env) }, { steps: 9 });
    expect(problems).toContainEqual({ rule, message: expect.stringContaining(message) });
  });

  test('says what could not be looked at', async () => {
    const { fork: _, vectorize: __, ...alone } = await ours();
    const rules = ({ rule, unchecked }: Problem) => [rule, unchecked];
    expect((await checkEnvironment(alone, { steps: 9 })).map(rules)).toEqual([
      ['fork', true],
      ['order', true],
      ['vectorize', true],
      ['autoreset', true],
    ]);
    // Never over.
    const far = await stepEnvironment(byNumber(), { scale, horizon: 1000 });
    expect((await checkEnvironment(far, { steps: 9 })).map(rules)).toEqual([
      ['end', true],
      ['horizon', true],
      ['autoreset', true],
    ]);
    // Users who leave before: it is the horizon alone that was not seen, until one stays.
    const brief = await stepEnvironment(byNumber(), { scale: { mean: 100, std: 1 }, horizon: 5, patience: 2 });
    expect((await checkEnvironment(brief, { steps: 9 })).map(rules)).toEqual([['horizon', true]]);
  });

  test('takes environments', async () => {
    for (const none of [undefined, null, 'env']) {
      await expect(checkEnvironment(none as never)).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    }
  });
});

test('checks and rollouts tell how far they are, and stop on the signal', async () => {
  const env = await stepEnvironment(byNumber(), { scale, horizon: 3, patience: 2 });
  const told: unknown[] = [];
  const note = ({ stage, done, total, unit }: EnvironmentEvent) => told.push([stage, done, total, unit]);
  await follow(checkEnvironment(env, { steps: 2 }), note);
  expect(told.splice(0)).toEqual([1, 2, 3, 4, 5, 6].map((done) => ['environment-check', done, 6, 'parts']));
  await follow(rollout(env, uniformActor(5), { episodes: 5, parallel: 1 }), note);
  expect(told).toEqual([1, 2, 3, 4, 5].map((done) => ['rollout', done, 5, 'episodes']));
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(checkEnvironment(env, { signal })).rejects.toThrow('enough');
  await expect(rollout(env, uniformActor(5), { signal })).rejects.toThrow('enough');
});

describe('rollout', () => {
  test('adds up rewards by hand, whatever runs side by side', async () => {
    const env = await stepEnvironment(byNumber(), { scale, horizon: 3, reward: 'raw', patience: 2 });
    const four = { name: 'four', act: ({ size }: { size: number }) => new Int32Array(size).fill(4) };
    const played = await rollout(env, four, { episodes: 5, gamma: 0.5, parallel: 2 });
    // z = 4: nearly always taken up, so three steps of 4 + 2 + 1.
    expect(played).toMatchObject({ actor: 'four', environment: 'by number', return: { mean: 7, std: 0 } });
    expect(played.length.mean).toBe(3);
    const noisy = await stepEnvironment(world, { horizon: 5, patience: 2, reward: 'accepted' });
    const actor = uniformActor(30);
    const together = await rollout(noisy, actor, { episodes: 20, parallel: 20 });
    expect(await rollout(noisy, actor, { episodes: 20, parallel: 3 })).toEqual(together);
    expect(together.acceptance).toBeCloseTo(together.return.mean / together.length.mean, 10);
    expect(together.length.std).toBeGreaterThan(0);
  });

  test('asks about the steps that are played, and about nothing else', async () => {
    const model = byNumber();
    // Nothing is taken up: each episode ends after its second step.
    const brief = await stepEnvironment(model, { scale: { mean: 100, std: 1 }, patience: 2, horizon: 20 });
    await rollout(brief, uniformActor(5), { episodes: 33, parallel: 32 });
    const asked = () => model.calls.splice(0).reduce((sum, { actions }) => sum + actions.length, 0);
    expect(asked()).toBe(33 * 2);
    // Some end early, some late.
    const mixed = await stepEnvironment(model, { scale, patience: 1, horizon: 6, slate: 2 });
    const { length } = await rollout(mixed, uniformActor(5), { episodes: 10, parallel: 4 });
    expect(length.std).toBeGreaterThan(0);
    expect(asked()).toBe(2 * 10 * length.mean);
    // The step that begins an episode again asks nothing either.
    const many = brief.vectorize(2);
    await many.reset();
    for (let step = 0; step < 6; step++) await many.step([1, 2]);
    expect(asked()).toBe(2 * 4);
  });

  test('who knows the users gets more of them', async () => {
    const env = await stepEnvironment(fitted, { start: train, horizon: 5 });
    const greedy = await rollout(env, greedyActor(fitted), { episodes: 40 });
    const random = await rollout(env, uniformActor(ITEMS), { episodes: 40 });
    expect(greedy.return.mean).toBeGreaterThan(random.return.mean + 4 * random.return.standardError);
    const oracle = {
      name: 'oracle',
      items: 30,
      window: 20,
      score: ({ items, length, size, window }: Windows) =>
        Float64Array.from(
          Array.from({ length: size }, (_, i) => [
            ...world.outlook(items.subarray(i * window, i * window + length[i]!)).choice,
          ]).flat(),
        ),
    };
    const truth = await stepEnvironment(world, { horizon: 6, reward: 'raw', historyUpdate: 'always' });
    const best = await rollout(truth, greedyActor(oracle), { episodes: 10 });
    const any = await rollout(truth, uniformActor(30), { episodes: 10 });
    expect(best.return.mean).toBeGreaterThan(2 * any.return.mean);
  });

  test('slates hold different items; seen ones can be left out', async () => {
    const offered: number[][] = [];
    const model = byNumber();
    const env = await stepEnvironment(model, { scale: { mean: -50, std: 1 }, slate: 2, horizon: 2 });
    const scorer = {
      name: 's',
      items: 5,
      window: 3,
      score: ({ size }: Windows) => Float32Array.from(Array(size).fill([0, 1, 2, 3, 4]).flat()),
    };
    const spied = (options?: { exclude?: 'seen' }) => {
      const actor = greedyActor(scorer, options);
      return {
        ...actor,
        async act(moment: Parameters<typeof actor.act>[0]) {
          const actions = await actor.act(moment);
          offered.push([...actions]);
          return actions;
        },
      };
    };
    await rollout(env, spied(), { episodes: 1 });
    expect(offered).toEqual([
      [4, 3],
      [4, 3],
    ]);
    offered.length = 0;
    await rollout(env, spied({ exclude: 'seen' }), { episodes: 1 });
    expect(offered[1]).not.toEqual([4, 3]);
    const uniform = await uniformActor(3).act({
      size: 9,
      slate: 3,
      episodes: [0, 1, 2, 3, 4, 5, 6, 7, 8],
      step: 0,
      histories: [],
      observations: new Int32Array(),
    });
    for (let i = 0; i < 9; i++) expect([...uniform.subarray(i * 3, i * 3 + 3)].sort()).toEqual([0, 1, 2]);
    expect(new Set(uniform.filter((_, i) => i % 3 === 0)).size).toBeGreaterThan(1);
  });
});
