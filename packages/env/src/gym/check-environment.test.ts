import { sequences, transitions } from '@lea/data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../inference/environment.ts';
import { checkEnvironment, type Problem } from './check-environment.ts';
import { stepEnvironment } from './step-environment.ts';
import { byNumber, fitUsers, scale, train, world } from './testing.ts';
import type { StepEnvironment, VectorStepEnvironment } from './types.ts';

let fitted: Environment;
beforeAll(async () => {
  fitted = await fitUsers();
});
afterAll(() => fitted.dispose());

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
      await expect(checkEnvironment(none as never)).rejects.toMatchObject({ code: 'E_ARGUMENT_TYPE' });
    }
  });
});
