import { join } from 'node:path';
import {
  checkRanges,
  contentHash,
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

export interface RewardOptions {
  /**
   * c of mean - c * deviation over the score heads (default 0: the mean). Higher: less of what the heads disagree about.
   * Needs `rewardHeads` above 1.
   */
  readonly pessimism: number;
}

/**
 * A fitted language-model environment: state model, reward model, positive actions. Can be scored like any recommender.
 * What it says of a history does not depend on what else is asked, but for the last digits of models wider than 100 or so.
 */
export interface Environment extends Scorer, RewardModel, Resource {
  readonly config: EnvironmentConfig;
  /** Content hash of config, parameters, item tokens, calibration, and the data and catalog it was fitted on. */
  readonly hash: string;
  /** Which items its indices are; unknown of environments from files without it. Further items follow these. */
  readonly catalogIdentity?: CatalogIdentity;
  readonly params: Values;
  /** How often each item occurs in the rows of the fit, [items]. */
  readonly counts: Int32Array;
  /** What makes probabilities of its raw rewards; there when it was fitted with validation. */
  readonly calibration?: RewardCalibration;
  /** Columns of a state. */
  readonly stateSize: number;
  /** States of histories, [size * stateSize]. @throws LeaError `E_WINDOWS`, `E_ITEM_RANGE`, as all that takes windows */
  states(windows: Windows): Promise<Float32Array>;
  /** State logits over all items, [size * items]. */
  score(windows: Windows): Promise<Float32Array>;
  /**
   * Rewards of `actions` [size, A] after each history, raw, [size * A]: one pass over the history whatever A; with a
   * prompt candidates go through the decoder too, branching off it. With several score heads their mean.
   *
   * @throws LeaError `E_OPTION_VALUE`, `E_OPTION_UNKNOWN`, `E_ITEM_RANGE`
   */
  rewards(windows: Windows, actions: Int32Array, options?: Partial<RewardOptions>): Promise<Float32Array>;
  /**
   * Standard deviation over the score heads of the same rewards, [size * A]: how little the fit says of them.
   *
   * @throws LeaError `E_OPTION_VALUE` with one head, `E_ITEM_RANGE`
   */
  uncertainty(windows: Windows, actions: Int32Array): Promise<Float32Array>;
  /**
   * The k best items after each history: of highest state logit unless the options say otherwise; ties go to the smaller
   * index.
   *
   * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` also when fewer than k items are left
   */
  positives(windows: Windows, k: number, options?: Partial<PositiveOptions>): Promise<Positives>;
  /**
   * The same environment with further items after its own. They enter by their text alone, without any fit: the projected
   * token, no free vector. What it says of the items it had stays the same to the last bit.
   *
   * @param tokens of the further items [more, size], of the same language model as the first ones
   * @throws LeaError `E_OPTION_VALUE` of an environment without tokens, `E_TOKENS_SHAPE`
   */
  withItems(tokens: Value): Environment;
  /**
   * The pass over the histories alone, for several questions about them. Neighbors that begin one another, as those
   * before the decisions of one user do until the window slides, cost one pass together. With a prompt it keeps keys and
   * values, at most 512 MB, for the candidates of `rewardsEncoded`; histories beyond them are read again then.
   */
  encode(windows: Windows): Promise<Encoded>;
  scoreEncoded(encoded: Encoded): Promise<Float32Array>;
  /** @throws LeaError `E_OPTION_VALUE`, `E_OPTION_UNKNOWN`, `E_ITEM_RANGE` */
  rewardsEncoded(encoded: Encoded, actions: Int32Array, options?: Partial<RewardOptions>): Promise<Float32Array>;
  /** Writes `environment.json` and `environment.safetensors`. */
  save(dir: string): Promise<void>;
}

export interface EnvironmentParts {
  readonly name: string;
  readonly config: EnvironmentConfig;
  readonly params: Values;
  readonly tokens: NormalizedTokens | null;
  readonly counts: Int32Array;
  readonly calibration: RewardCalibration | null;
  /** Hash of the data it was fitted on. */
  readonly data: string;
  readonly catalogIdentity?: CatalogIdentity | undefined;
  readonly runtime: Runtime;
}

/** An environment from its parts; programs are compiled when first used. */
export function createEnvironment(parts: EnvironmentParts): Environment {
  const { name, config, params, tokens, counts, calibration, data, catalogIdentity } = parts;
  const runners = environmentRunners({ ...parts, tokens: tokens?.vectors ?? null });
  const names = Object.keys(params).sort();
  const values = names.map((n) => params[n]!.data);
  const { vectors, mean, scale } = tokens ?? {};
  const text = [vectors, mean, scale].map((part) => part?.data ?? null);
  const known = catalogIdentity ? [catalogIdentity] : [];
  const hash = contentHash(config, data, names, ...values, ...text, counts, calibration, ...known);
  const { items, window } = config;

  const read = async (windows: Windows, forRewards: boolean): Promise<Encoded> => {
    checkWindows(windows, items);
    return runners.encode(newest(windows, window, items), forRewards);
  };
  const judged = async (about: Encoded, actions: Int32Array) =>
    runners.rewards(about, checkActions(actions, about.windows.size, items));
  const rewardsOf = async (about: Encoded, actions: Int32Array, options?: Partial<RewardOptions>) => {
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
      const file = { name, config, data, calibration, catalogIdentity, hash };
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
  throw new LeaError('E_OPTION_VALUE', 'One score head does not say how sure it is.', {
    hint: 'Fit the environment with rewardHeads above 1.',
  });
}

function withItems(parts: EnvironmentParts, more: Value): EnvironmentParts {
  const { config, params, tokens, counts } = parts;
  if (!tokens) {
    throw new LeaError('E_OPTION_VALUE', 'This environment knows its items by their ids only.', {
      hint: 'Fit it with tokens, so that further items can enter by their texts.',
    });
  }
  const [, size] = tokens.vectors.shape;
  if (more.shape.length !== 2 || more.shape[1] !== size) {
    throw new LeaError('E_TOKENS_SHAPE', `The tokens of further items must have ${size} columns, as the first ones.`, {
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

/** What `environment.json` holds. */
interface EnvironmentFile extends Omit<EnvironmentParts, 'params' | 'tokens' | 'counts' | 'runtime'> {
  readonly hash: string;
}

/**
 * Reads what `save` wrote.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_ENVIRONMENT_FILE` when the parts do not belong together, `E_OPTION_UNKNOWN`,
 *   `E_OPTION_VALUE`
 */
export async function loadEnvironment(dir: string, options?: Partial<Runtime>): Promise<Environment> {
  const runtime = parseOptions('loadEnvironment', runtimeSchema, options);
  const path = join(dir, 'environment.json');
  const text = (await readWhole(path)).toString();
  const { tensors } = await readSafetensors(join(dir, 'environment.safetensors'));
  const { 'tokens.vectors': vectors, 'tokens.mean': mean, 'tokens.scale': scale, counts, ...params } = tensors;
  const broken = (cause?: unknown): LeaError =>
    new LeaError('E_ENVIRONMENT_FILE', 'These files are not one saved environment.', {
      value: path,
      hint: 'Save the environment again, or delete the folder so that it is fitted anew.',
      cause,
    });
  let environment: Environment;
  let hash: unknown;
  try {
    const file = unsealed(text, path) as unknown as EnvironmentFile;
    hash = file.hash;
    const { name, config, data, calibration, catalogIdentity } = file;
    checkSizes(config, tensors);
    const tokens = vectors ? { vectors, mean: mean!, scale: scale! } : null;
    const own = {
      name,
      config,
      data,
      calibration,
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

/** Windows of exactly `window`: the newest items of longer ones. */
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
