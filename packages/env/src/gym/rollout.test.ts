import type { Windows } from '@lea/data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../inference/environment.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { follow } from '../testing.ts';
import { greedyActor, uniformActor } from './actors.ts';
import { checkEnvironment } from './check-environment.ts';
import { rollout } from './rollout.ts';
import { stepEnvironment } from './step-environment.ts';
import { byNumber, fitUsers, ITEMS, scale, train, world } from './testing.ts';

let fitted: Environment;
beforeAll(async () => {
  fitted = await fitUsers();
});
afterAll(() => fitted.dispose());

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
    // Each of three steps takes an item up. The model and the scorer read one item, and the actor knows all.
    const brief = await stepEnvironment(model, {
      scale: { mean: -50, std: 1 },
      window: 1,
      horizon: 3,
      start: [[4, 0]],
    });
    offered.length = 0;
    await rollout(brief, spied({ exclude: 'seen' }), { episodes: 1 });
    expect(offered).toEqual([[3], [2], [1]]);
    for (let i = 0; i < 9; i++) expect([...uniform.subarray(i * 3, i * 3 + 3)].sort()).toEqual([0, 1, 2]);
    expect(new Set(uniform.filter((_, i) => i % 3 === 0)).size).toBeGreaterThan(1);
  });
});
