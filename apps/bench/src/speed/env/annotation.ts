import { integers, key } from '@lea/core';
import { createEnvironment, prepareFit } from '@lea/env/measuring';
import type { Rounds } from '../settings.ts';
import { fitOptions, windowOf } from './fit-options.ts';
import { ACTIONS, type EnvSettings, ITEMS } from './settings.ts';

/**
 * Prepares states and rewards of full histories, with one pass per history for all actions or one pass per action. A round
 * returns the rewards instead of losses.
 */
export async function annotationRounds(settings: EnvSettings): Promise<Rounds> {
  const { batch, threads, steps, shared } = settings;
  const { config, tokens, data, weights } = await prepareFit(fitOptions({ ...settings, batch: 1, steps: 1 }));
  const env = createEnvironment({
    name: 'random',
    config,
    params: { ...weights.trained, ...weights.fixed },
    tokens,
    counts: data.counts,
    calibration: null,
    data: 'random',
    runtime: { threads, backend: undefined },
  });
  const window = windowOf(settings);
  const items = integers(key(4), batch * window, ITEMS);
  const histories = { items, length: new Int32Array(batch).fill(window), size: batch, window };
  const actions = integers(key(5), batch * ACTIONS, ITEMS);
  const inOnePass = async (): Promise<Float32Array> => env.rewardsEncoded(await env.encode(histories), actions);
  const oneByOne = async (): Promise<Float32Array> => {
    const rewards = new Float32Array(actions.length);
    for (let a = 0; a < ACTIONS; a++) {
      const each = await env.rewards(
        histories,
        Int32Array.from({ length: batch }, (_, i) => actions[i * ACTIONS + a]!),
      );
      for (const [i, reward] of each.entries()) rewards[i * ACTIONS + a] = reward;
    }
    return rewards;
  };
  return {
    async round() {
      let rewards: Float32Array = new Float32Array();
      for (let step = 0; step < steps; step++) rewards = await (shared ? inOnePass() : oneByOne());
      return [...rewards];
    },
    end: () => env.dispose(),
  };
}
