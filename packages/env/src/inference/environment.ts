import { join } from 'node:path';
import {
  checkPaths,
  checkRanges,
  contentHash,
  type Given,
  LeaError,
  parseOptions,
  type Resource,
  resource,
  unsealed,
  withDefaults,
} from '@lea/core';
import { readWhole, writeSealed } from '@lea/core/node';
import {
  type CatalogIdentity,
  checkActions,
  checkWindows,
  emptyWindows,
  type RewardCalibration,
  type RewardModel,
  type Scorer,
  type Windows,
} from '@lea/data';
import { float32, int32, readSafetensors, type Value, type Values, writeSafetensors } from '@lea/tensor';
import { type NormalizedTokens, withMoreTokens } from '../items/tokens.ts';
import { type EnvironmentConfig, stateSize } from '../model/config.ts';
import { type Runtime, runtimeSchema } from '../shared/runtime.ts';
import { checkSizes } from './check-sizes.ts';
import type { Encoded } from './encoded.ts';
import { type PositiveOptions, positivesOf } from './positives.ts';
import { environmentRunners } from './runners.ts';
import type { Positives } from './top-items.ts';

/** Options of `Environment.rewards`. */
export interface RewardOptions {
  /**
   * c of the reward mean - c * deviation over the reward heads (default 0: the mean). Higher: lower rewards where the heads
   * disagree. Needs `rewardHeads` above 1.
   */
  readonly pessimism: number;
}

/**
 * A fitted language-model environment: state model, reward model and positive actions. It is also a `Scorer`, so it can be
 * evaluated like any recommender. Results for a history do not depend on the other histories in a call, except for the last
 * digits with a width above about 100. Methods with windows throw LeaError `E_WINDOWS` and `E_ITEM_RANGE`.
 */
export interface Environment extends Scorer, RewardModel, Resource {
  /** Architecture of the environment. */
  readonly config: EnvironmentConfig;
  /** Hash of config, parameters, item tokens, calibrations, and the data and catalog of the fit. */
  readonly hash: string;
  /** Identity of the fitted catalog, if the file contains it. Items added by `withItems` follow these. */
  readonly catalogIdentity?: CatalogIdentity;
  /** Parameters by name. */
  readonly params: Values;
  /** Number of rows of the fit whose target is the item, [items]. */
  readonly counts: Int32Array;
  /** Converts raw rewards to probabilities; exists if the environment was fitted with validation. */
  readonly calibration?: RewardCalibration;
  /** Added to the state logits of unseen items, those with count 0. */
  readonly unseenOffset: number;
  /** Dimension of a state. */
  readonly stateSize: number;
  /** States of histories, [size * stateSize]. @throws LeaError `E_WINDOWS`, `E_ITEM_RANGE` */
  states(windows: Windows): Promise<Float32Array>;
  /** State logits over all items, [size * items]. */
  score(windows: Windows): Promise<Float32Array>;
  /**
   * Raw rewards of `actions` [size, A] after each history, [size * A], mean over reward heads. Each history is read once for
   * all actions; with a prompt, the decoder also reads each candidate.
   *
   * @throws LeaError `E_OPTION_VALUE`, `E_OPTION_UNKNOWN`, `E_ITEM_RANGE`
   */
  rewards(windows: Windows, actions: Int32Array, options?: Given<RewardOptions>): Promise<Float32Array>;
  /**
   * Uncertainty of the rewards: their standard deviation over the reward heads, [size * A].
   *
   * @throws LeaError `E_OPTION_VALUE` (a single head), `E_ITEM_RANGE`
   */
  uncertainty(windows: Windows, actions: Int32Array): Promise<Float32Array>;
  /**
   * The k best items after each history, by state logit unless `rankBy` is `reward`. Ties go to the smaller index.
   *
   * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (also if fewer than k items remain), `E_SCORE_NAN`
   */
  positives(windows: Windows, k: number, options?: Given<PositiveOptions>): Promise<Positives>;
  /**
   * Creates an environment with additional items after the existing ones, without another fit. New items are represented by
   * their projected tokens alone. Results for existing items stay exactly the same.
   *
   * @param tokens tokens of the new items [more, size], learned with the same language model
   * @throws LeaError `E_OPTION_VALUE` (the environment has no tokens), `E_TOKENS_SHAPE`
   */
  withItems(tokens: Value): Environment;
  /**
   * Reads histories once for several calls of `scoreEncoded` and `rewardsEncoded`. Adjacent windows of which one is the
   * beginning of the other, such as the histories of one user before the window slides, are read together. With a prompt, up
   * to 512 MB of keys and values are kept for `rewardsEncoded`; other histories are read again there.
   */
  encode(windows: Windows): Promise<Encoded>;
  /** `score` for encoded histories, [size * items]. */
  scoreEncoded(encoded: Encoded): Promise<Float32Array>;
  /** `rewards` for encoded histories. @throws LeaError `E_OPTION_VALUE`, `E_OPTION_UNKNOWN`, `E_ITEM_RANGE` */
  rewardsEncoded(encoded: Encoded, actions: Int32Array, options?: Given<RewardOptions>): Promise<Float32Array>;
  /** Writes `environment.json` and `environment.safetensors` into a folder. */
  save(dir: string): Promise<void>;
}

/** Parts of an environment, for {@link createEnvironment}. */
export interface EnvironmentParts {
  /** Name for tables. */
  readonly name: string;
  /** Architecture of the environment. */
  readonly config: EnvironmentConfig;
  /** Parameters by name. */
  readonly params: Values;
  /** Normalized item tokens; null without tokens. */
  readonly tokens: NormalizedTokens | null;
  /** Number of rows of the fit whose target is the item, [items]. */
  readonly counts: Int32Array;
  /** Calibration of the rewards; null without validation. */
  readonly calibration: RewardCalibration | null;
  /** Added to the state logits of items with count 0 (default 0). */
  readonly unseenOffset?: number;
  /** Hash of the data of the fit. */
  readonly data: string;
  /** Identity of the fitted catalog, if known. */
  readonly catalogIdentity?: CatalogIdentity | undefined;
  /** How to run the programs. */
  readonly runtime: Runtime;
}

/** Creates an environment from its parts. Programs are compiled when first used. */
export function createEnvironment(parts: EnvironmentParts): Environment {
  const { name, config, params, tokens, counts, calibration, unseenOffset = 0, data, catalogIdentity } = parts;
  const runners = environmentRunners({ ...parts, tokens: tokens?.vectors ?? null });
  const names = Object.keys(params).sort();
  const values = names.map((n) => params[n]!.data);
  const { vectors, mean, scale } = tokens ?? {};
  const text = [vectors, mean, scale].map((part) => part?.data ?? null);
  const known = [...(catalogIdentity ? [catalogIdentity] : []), ...(unseenOffset === 0 ? [] : [{ unseenOffset }])];
  const hash = contentHash(config, data, names, ...values, ...text, counts, calibration, ...known);
  const { items, window } = config;

  const read = async (windows: Windows, forRewards: boolean): Promise<Encoded> => {
    checkWindows(windows, items);
    return runners.encode(newest(windows, window, items), forRewards);
  };
  const judged = async (about: Encoded, actions: Int32Array) =>
    runners.rewards(about, checkActions(actions, about.windows.size, items));
  const rewardsOf = async (about: Encoded, actions: Int32Array, options?: Given<RewardOptions>) => {
    const { pessimism } = withDefaults('rewards', { pessimism: 0 }, options);
    checkRanges('rewards', { pessimism }, { pessimism: [0, Number.MAX_VALUE] });
    const { mean: rewards, deviation } = await judged(about, actions);
    if (pessimism === 0) return rewards;
    return rewards.map((reward, i) => reward - pessimism * several(deviation)[i]!);
  };
  const env: Environment = {
    name,
    config,
    items,
    window,
    stateSize: stateSize(config),
    hash,
    params,
    counts,
    unseenOffset,
    ...(calibration && { calibration }),
    ...(catalogIdentity && { catalogIdentity }),
    encode: (windows) => read(windows, true),
    scoreEncoded: runners.score,
    rewardsEncoded: rewardsOf,
    states: async (windows) => (await read(windows, false)).state,
    score: async (windows) => runners.score(await read(windows, false)),
    rewards: async (windows, actions, options) => rewardsOf(await read(windows, true), actions, options),
    uncertainty: async (windows, actions) => several((await judged(await read(windows, true), actions)).deviation),
    positives: async (windows, k, options) =>
      positivesOf(env, await read(windows, options?.rankBy === 'reward'), k, options),
    withItems: (more) => createEnvironment(withItems(parts, more)),
    async save(dir) {
      const file = { name, config, data, calibration, unseenOffset, catalogIdentity, hash };
      const text = tokens && { 'tokens.vectors': vectors!, 'tokens.mean': mean!, 'tokens.scale': scale! };
      await writeSafetensors(join(dir, 'environment.safetensors'), { ...params, ...text, counts: int32(counts) });
      await writeSealed(join(dir, 'environment.json'), file);
    },
    ...resource(runners.dispose),
  };
  return env;
}

function several(deviation: Float32Array | undefined): Float32Array {
  if (deviation) return deviation;
  throw new LeaError('E_OPTION_VALUE', 'Uncertainty needs at least two reward heads.', {
    hint: 'Fit the environment with rewardHeads above 1.',
  });
}

function withItems(parts: EnvironmentParts, more: Value): EnvironmentParts {
  const { config, params, tokens, counts } = parts;
  if (!tokens) {
    throw new LeaError('E_OPTION_VALUE', 'Cannot add items to an environment without item tokens.', {
      hint: 'Fit the environment with tokens, which represent new items by their texts.',
    });
  }
  const [, size] = tokens.vectors.shape;
  if (more.shape.length !== 2 || more.shape[1] !== size) {
    throw new LeaError('E_TOKENS_SHAPE', `Tokens of new items must have the shape [count, ${size}].`, {
      value: more.shape,
    });
  }
  const items = config.items + more.shape[0]!;
  const grown = new Int32Array(items);
  grown.set(counts);
  const id = params['item.id'];
  return {
    ...parts,
    config: { ...config, items },
    tokens: withMoreTokens(tokens, more),
    counts: grown,
    params: { ...params, ...(id && { 'item.id': withZeros(id, items) }) },
  };
}

function withZeros(table: Value, rows: number): Value {
  const [, width] = table.shape as [number, number];
  const data = new Float32Array(rows * width);
  data.set(table.data as Float32Array);
  return float32(data, [rows, width]);
}

/** Content of `environment.json`. */
interface EnvironmentFile extends Omit<EnvironmentParts, 'params' | 'tokens' | 'counts' | 'runtime'> {
  readonly hash: string;
}

/**
 * Loads an environment that was written by `save`.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_ENVIRONMENT_FILE` (damaged files, or files of different environments),
 *   `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export async function loadEnvironment(dir: string, options?: Partial<Runtime>): Promise<Environment> {
  checkPaths('loadEnvironment', { dir });
  const runtime = parseOptions('loadEnvironment', runtimeSchema, options);
  const path = join(dir, 'environment.json');
  const text = (await readWhole(path)).toString();
  const { tensors } = await readSafetensors(join(dir, 'environment.safetensors'));
  const { 'tokens.vectors': vectors, 'tokens.mean': mean, 'tokens.scale': scale, counts, ...params } = tensors;
  const broken = (cause?: unknown): LeaError =>
    new LeaError('E_ENVIRONMENT_FILE', 'The files of the environment are damaged or do not belong together.', {
      value: path,
      hint: 'Save the environment again, or delete the folder to fit it again.',
      cause,
    });
  let environment: Environment;
  let hash: unknown;
  try {
    const file = unsealed(text, path) as unknown as EnvironmentFile;
    hash = file.hash;
    const { name, config, data, calibration, unseenOffset, catalogIdentity } = file;
    checkSizes(config, tensors);
    const tokens = vectors ? { vectors, mean: mean!, scale: scale! } : null;
    const own = {
      name,
      config,
      data,
      calibration,
      unseenOffset,
      catalogIdentity,
      params,
      tokens,
      counts: counts!.data as Int32Array,
    };
    environment = createEnvironment({ ...own, runtime });
  } catch (cause) {
    throw broken(cause);
  }
  if (environment.hash !== hash) throw broken();
  return environment;
}

/** Converts windows to exactly `window` events, keeping the newest. */
function newest(windows: Windows, window: number, padId: number): Windows {
  if (windows.window === window) return windows;
  const out = { ...emptyWindows(windows.size, window) };
  out.items.fill(padId);
  for (let row = 0; row < windows.size; row++) {
    const length = Math.min(windows.length[row]!, window);
    const end = row * windows.window + windows.length[row]!;
    out.items.set(windows.items.subarray(end - length, end), row * window);
    out.length[row] = length;
  }
  return out;
}
