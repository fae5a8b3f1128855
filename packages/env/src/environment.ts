import { join } from 'node:path';
import { contentHash, LeaError, readWhole, replaceFile, withDefaults } from '@lea/core';
import { emptyWindows, type Windows } from '@lea/data';
import { readSafetensors, type Value, type Values, writeSafetensors } from '@lea/tensor';
import { type EnvironmentConfig, stateSize } from './environment-model.ts';
import { type Encoded, environmentPrograms } from './environment-programs.ts';
import { checkActions } from './reward-model.ts';
import type { Runtime } from './runtime.ts';
import { type Positives, topItems } from './top-items.ts';

/** A fitted language-model environment: state model, reward model, positive actions. Can be scored like any recommender. */
export interface Environment {
  readonly name: string;
  readonly config: EnvironmentConfig;
  readonly items: number;
  /** Most events of a history that are read; longer windows may be given. */
  readonly window: number;
  /** Content hash of config, parameters, item tokens and the data it was fitted on. */
  readonly hash: string;
  readonly params: Values;
  /** Columns of a state. */
  readonly stateSize: number;
  /** States of histories, [size * stateSize]. */
  states(windows: Windows): Promise<Float32Array>;
  /** State logits over all items, [size * items]. */
  score(windows: Windows): Promise<Float32Array>;
  /** Rewards of `actions` [size, A] after each history, raw, [size * A]: one pass over the history whatever A. */
  rewards(windows: Windows, actions: Int32Array): Promise<Float32Array>;
  /**
   * The k items of highest state logit; ties go to the smaller index.
   *
   * @param options.exclude per history the items that may not be among them
   * @throws LeaError `E_OPTION_VALUE` when fewer than k items are left
   */
  positives(windows: Windows, k: number, options?: { exclude?: readonly Iterable<number>[] }): Promise<Positives>;
  /** The pass over the histories alone, for several questions about them. */
  encode(windows: Windows): Promise<Encoded>;
  scoreEncoded(encoded: Encoded): Promise<Float32Array>;
  rewardsEncoded(encoded: Encoded, actions: Int32Array): Promise<Float32Array>;
  /** Writes `environment.json` and `environment.safetensors`. */
  save(dir: string): Promise<void>;
  dispose(): Promise<void>;
}

interface EnvironmentParts {
  readonly name: string;
  readonly config: EnvironmentConfig;
  readonly params: Values;
  readonly tokens: Value | null;
  /** Hash of the data it was fitted on. */
  readonly data: string;
  readonly runtime: Runtime;
}

/** An environment from its parts; programs are compiled when first used. */
export function createEnvironment(parts: EnvironmentParts): Environment {
  const { name, config, params, tokens, data } = parts;
  const programs = environmentPrograms(parts);
  const names = Object.keys(params).sort();
  const hash = contentHash(config, data, names, ...names.map((n) => params[n]!.data), tokens?.data ?? null);
  const { items, window } = config;

  const encode = (windows: Windows): Promise<Encoded> => programs.encode(newest(windows, window, items));
  return {
    name,
    config,
    items,
    window,
    stateSize: stateSize(config),
    hash,
    params,
    encode,
    scoreEncoded: programs.score,
    rewardsEncoded: (encoded, actions) => programs.rewards(encoded, checkActions(actions, encoded.windows.size, items)),
    states: async (windows) => (await encode(windows)).state,
    score: async (windows) => programs.score(await encode(windows)),
    rewards: async (windows, actions) =>
      programs.rewards(await encode(windows), checkActions(actions, windows.size, items)),
    positives: async (windows, k, options) =>
      topItems(await programs.score(await encode(windows)), windows.size, k, options?.exclude),
    async save(dir) {
      const file = { name, config, data, hash };
      await writeSafetensors(join(dir, 'environment.safetensors'), { ...params, ...(tokens ? { tokens } : {}) });
      await replaceFile(join(dir, 'environment.json'), `${JSON.stringify(file, null, 2)}\n`);
    },
    dispose: programs.dispose,
  };
}

/**
 * Reads what `save` wrote.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_ENVIRONMENT_FILE` when the parts do not belong together
 */
export async function loadEnvironment(dir: string, options?: Partial<Runtime>): Promise<Environment> {
  const path = join(dir, 'environment.json');
  const text = (await readWhole(path)).toString();
  const { tensors } = await readSafetensors(join(dir, 'environment.safetensors'));
  const { tokens, ...params } = tensors;
  const broken = (cause?: unknown): LeaError =>
    new LeaError('E_ENVIRONMENT_FILE', 'These files are not one saved environment.', {
      value: path,
      hint: 'Save the environment again, or delete the folder so that it is fitted anew.',
      cause,
    });
  let environment: Environment;
  let hash: unknown;
  const runtime = withDefaults('loadEnvironment', { threads: undefined, backend: undefined }, options);
  try {
    const file = JSON.parse(text) as { name: string; config: EnvironmentConfig; data: string; hash: string };
    hash = file.hash;
    const { name, config, data } = file;
    environment = createEnvironment({ name, config, data, params, tokens: tokens ?? null, runtime });
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
