import {
  abortSignal,
  checkFunctions,
  checkObjects,
  deviation,
  type Given,
  mean,
  type OptionsSchema,
  option,
  parseOptions,
  share,
  type Task,
  task,
  whole,
} from '@lea/core';
import { checkStepEnvironments } from '../shared/arguments.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import type { Actor } from './actors.ts';
import { sizeOf } from './spaces.ts';
import type { StepEnvironment } from './types.ts';

/** Options of {@link rollout}. */
export interface RolloutOptions {
  /** Number of episodes. Higher: smaller standard errors. Default: 100. */
  readonly episodes: number;
  /** The i-th episode has seed `seed + i`, independent of `parallel`. Default: 0. */
  readonly seed: number;
  /** Discount factor of the return. Default: 1, no discount. */
  readonly gamma: number;
  /** Number of episodes played together. Higher: fewer, larger calls of the models, more memory. Default: 32. */
  readonly parallel: number;
  /** Aborts before the next step. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** Defaults and checks of {@link RolloutOptions}. */
export const rolloutSchema: OptionsSchema<RolloutOptions> = {
  episodes: option(whole(1, 2 ** 32), 100),
  seed: option(whole(0, Number.MAX_SAFE_INTEGER - 2 ** 32), 0),
  gamma: option(share, 1),
  parallel: option(whole(1, 4096), 32),
  signal: option(abortSignal, undefined),
};

/** A mean over episodes. */
export interface Statistic {
  /** Mean over episodes. */
  readonly mean: number;
  /** Sample standard deviation over episodes (n - 1); NaN for a single episode. */
  readonly std: number;
  /** Standard error of the mean; NaN for a single episode. */
  readonly standardError: number;
  /** Values of the episodes, [episodes], for paired comparisons: equal seeds start equal episodes for all actors. */
  readonly values: Float64Array;
}

/** Result of {@link rollout}. */
export interface Rollout {
  /** Name of the actor. */
  readonly actor: string;
  /** Name of the environment. */
  readonly environment: string;
  /** Return of an episode: the sum of its rewards, discounted by `gamma`. */
  readonly return: Statistic;
  /** Number of steps of an episode. */
  readonly length: Statistic;
  /** Share of steps in which the user accepted an item. */
  readonly acceptance: number;
}

/**
 * Plays complete episodes with an actor and measures their return, to compare policies. Each episode counts once, regardless
 * of its length.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_ACTION`
 */
export function rollout(
  environment: StepEnvironment,
  actor: Actor,
  options?: Given<RolloutOptions>,
): Task<Rollout, EnvironmentEvent<'rollout'>> {
  return task(() => playing(environment, actor, options));
}

async function* playing(
  environment: StepEnvironment,
  actor: Actor,
  options?: Given<RolloutOptions>,
): AsyncGenerator<EnvironmentEvent<'rollout'>, Rollout> {
  checkStepEnvironments('rollout', { environment });
  checkObjects('rollout', { actor });
  checkFunctions('rollout', { act: actor.act });
  const o = parseOptions('rollout', rolloutSchema, options);
  const slate = sizeOf(environment.actionSpace);
  const returns = new Float64Array(o.episodes);
  const lengths = new Float64Array(o.episodes);
  let [accepted, done] = [0, 0];
  for (let first = 0; first < o.episodes; first += o.parallel) {
    const size = Math.min(o.parallel, o.episodes - first);
    const many = environment.vectorize(size, { autoresetMode: 'disabled' });
    try {
      let { observations, infos } = await many.reset({ seed: o.seed + first });
      const going = Array.from({ length: size }, () => true);
      for (let step = 0; going.includes(true); step++) {
        o.signal?.throwIfAborted();
        const histories = infos.map(({ history }) => history);
        const episodes = going.map((_, i) => first + i);
        const actions = await actor.act({ size, slate, observations, histories, episodes, step });
        const result = await many.step(actions);
        ({ observations, infos } = result);
        const before = done;
        going.forEach((goes, i) => {
          if (!goes) return;
          const episode = first + i;
          returns[episode]! += o.gamma ** step * result.rewards[i]!;
          lengths[episode]!++;
          if (infos[i]!.chosen >= 0) accepted++;
          if (!result.terminated[i] && !result.truncated[i]) return;
          going[i] = false;
          done++;
        });
        if (done > before) yield { stage: 'rollout', done, total: o.episodes, unit: 'episodes' };
      }
    } finally {
      await many.dispose();
    }
  }
  return {
    actor: actor.name,
    environment: environment.name,
    return: statistic(returns),
    length: statistic(lengths),
    acceptance: accepted / lengths.reduce((a, b) => a + b, 0),
  };
}

function statistic(values: Float64Array): Statistic {
  const std = deviation(values, 'sample');
  return { mean: mean(values), std, standardError: std / Math.sqrt(values.length), values };
}
