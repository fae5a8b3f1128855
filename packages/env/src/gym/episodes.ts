import { deviation, fold, type Key, key, mean, randomBits } from '@lea/core';
import type { Transitions } from '@lea/data';
import { isRows, type ResolvedOptions, type Scale } from './options.ts';
import type { Space } from './spaces.ts';
import type { Observation, StepInfo } from './types.ts';
import type { Response, UserModel, UserMoment } from './user-model.ts';

/** Data shared by all episodes of an environment. */
export interface Plan {
  readonly users: UserModel;
  readonly options: ResolvedOptions;
  /** Number of newest items in observations. */
  readonly window: number;
  readonly scale: Scale;
}

/** The state of an episode. */
export interface Episode {
  /** Number of the episode within its seed. */
  readonly number: number;
  readonly key: Key;
  readonly history: readonly number[];
  readonly info: StepInfo;
  readonly over: boolean;
}

/** Result of a step, with the next state of the episode. */
export interface Outcome {
  readonly episode: Episode;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

const SCALE_ROWS = 512;
const DEFAULT_WINDOW = 20;

/** Completes the options with the window and the scale, which is measured if it is a set of rows. */
export async function planOf(users: UserModel, options: ResolvedOptions): Promise<Plan> {
  // A model that does not read the history has window 0, but policies still need to observe it.
  const window = options.window ?? (users.window || DEFAULT_WINDOW);
  const { scale } = options;
  return { users, options, window, scale: isRows(scale) ? await measure(users, scale) : scale };
}

/** Mean and standard deviation of the utilities of logged actions, from at most 512 evenly spaced rows. */
async function measure(users: UserModel, rows: Transitions): Promise<Scale> {
  const count = Math.min(rows.count, SCALE_ROWS);
  const some = Array.from({ length: count }, (_, i) => Math.floor((i * rows.count) / count));
  const moment = await users.after(some.map((row) => historyBefore(rows, row)));
  const logged = Int32Array.from(some, (row) => rows.sequences.items[rows.event[row]!]!);
  const { utility } = await moment.respond(
    some.map((_, i) => i),
    logged,
  );
  return { mean: mean(utility), std: deviation(utility) || 1 };
}

function historyBefore({ sequences, sequence, event }: Transitions, row: number): number[] {
  return Array.from(sequences.items.subarray(sequences.offsets[sequence[row]!]!, event[row]!));
}

/** Initial state of the `number`-th episode of a seed. */
export function begin({ options }: Plan, seed: number, number: number): Episode {
  const episode = fold(fold(key(seed), 'step environment'), number);
  const history = startOf(options.start, fold(episode, 'start'));
  const info = { step: 0, history: [...history], chosen: -1, probability: 0, raw: 0, rejections: 0 };
  return { number, key: episode, history, info, over: false };
}

function startOf(start: ResolvedOptions['start'], k: Key): number[] {
  if (start === 'empty') return [];
  const below = (count: number): number => Math.floor(draw(k, 0) * count);
  return isRows(start) ? historyBefore(start, below(start.count)) : [...start[below(start.length)]!];
}

/** Uniform random number in [0, 1). */
function draw({ words }: Key, counter: number): number {
  return (randomBits(words, counter) >>> 0) / 2 ** 32;
}

/**
 * Takes one step in each episode that is not over. The user accepts offered item j (duplicates count once) with probability
 * exp(z_j) / (1 + sum of exp(z)), or none: a multinomial logit model whose outside option has z = 0. For a single item, this
 * is sigmoid(z).
 *
 * @param actions offered items, [episodes, slate]
 * @returns outcomes, [episodes]; undefined for episodes that are over
 */
export async function advance(
  plan: Plan,
  moment: UserMoment,
  episodes: readonly Episode[],
  actions: Int32Array,
): Promise<(Outcome | undefined)[]> {
  const { slate } = plan.options;
  const going = episodes.flatMap(({ over }, i) => (over ? [] : [i]));
  const outcomes: (Outcome | undefined)[] = episodes.map(() => undefined);
  if (going.length === 0) return outcomes;
  const offers = going.map((i) => Array.from(actions.subarray(i * slate, (i + 1) * slate)));
  const response = await moment.respond(going, Int32Array.from(offers.flat()));
  going.forEach((i, at) => {
    outcomes[i] = react(plan, episodes[i]!, offers[at]!, response, at * slate);
  });
  return outcomes;
}

function react(plan: Plan, episode: Episode, offered: readonly number[], response: Response, at: number): Outcome {
  const { options, scale } = plan;
  const places = offered.flatMap((item, j) => (offered.indexOf(item) === j ? [j] : []));
  const z = places.map((j) => (response.utility[at + j]! - scale.mean) / scale.std);
  const raw = mean(places.map((j) => response.reward[at + j]!));
  // Relative to the maximum, so that exp does not overflow.
  const top = Math.max(0, ...z);
  const weights = z.map((x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  const total = sum + Math.exp(-top);
  let left = draw(fold(episode.key, 'choice'), episode.info.step) * total;
  const taken = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });

  const chosen = taken < 0 ? -1 : offered[places[taken]!]!;
  const liked = offered[places[z.indexOf(Math.max(...z))]!]!;
  const added = chosen >= 0 ? [chosen] : options.historyUpdate === 'always' ? [liked] : [];
  const history = [...episode.history, ...added];
  const rejections = chosen < 0 ? episode.info.rejections + 1 : 0;
  const step = episode.info.step + 1;
  const terminated = rejections >= options.patience;
  const truncated = step >= options.horizon;
  const probability = sum / total;
  const info = { step, history: [...history], chosen, probability, raw, rejections };
  const rewards = { raw, standardized: mean(z), sigmoid: probability, accepted: chosen < 0 ? 0 : 1 };
  return {
    episode: { ...episode, history, info, over: terminated || truncated },
    reward: rewards[options.reward],
    terminated,
    truncated,
  };
}

/** Space of the observations from {@link observe}. */
export function observationSpace({ users, options, window }: Plan): Space {
  if (showsStates({ users, options })) return users.states!;
  return { type: 'multi-discrete', nvec: Array<number>(window).fill(users.items + 1) };
}

/** Observations of episodes, [episodes, size of the observation space]. */
export function observe(plan: Plan, moment: UserMoment, episodes: readonly Episode[]): Observation {
  if (showsStates(plan)) return moment.state!.slice();
  const { window, users } = plan;
  const items = new Int32Array(episodes.length * window).fill(users.items);
  episodes.forEach(({ history }, i) => {
    items.set(history.slice(-window), i * window);
  });
  return items;
}

function showsStates({ users, options }: Pick<Plan, 'users' | 'options'>): boolean {
  return (options.observation ?? (users.states ? 'state' : 'window')) === 'state';
}
