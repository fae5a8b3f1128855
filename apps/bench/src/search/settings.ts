import { fold, isObject, type Key, key, LeaError, stableJson, uniform } from '@lea/core';
import type { Range, Space } from '../config/search-schema.ts';
import type { Setting } from '../experiment/trial.ts';
import { counted } from '../terminal/counted.ts';

/** Attempts per setting, after which a space has no further ones. */
const ATTEMPTS = 1000;

/**
 * Draws different settings from a space. Every value is a function of the seed, the run's name, the number of the draw and the
 * option's path alone: more settings begin with the same ones, and other runs or options change nothing.
 *
 * @param name of the run
 * @throws LeaError `E_CONFIG` when the space has fewer settings
 */
export function drawSettings(space: Space, name: string, count: number, seed: number): Setting[] {
  const root = fold(key(seed), name);
  const drawn = new Map<string, Setting>();
  for (let draw = 0; drawn.size < count && draw < ATTEMPTS * count; draw++) {
    const own = fold(root, draw);
    const entries = Object.entries(space).map(([path, values]) => [path, valueAt(values, fold(own, path))] as const);
    const setting = Object.fromEntries(entries);
    const same = stableJson(setting);
    if (!drawn.has(same)) drawn.set(same, setting);
  }
  if (drawn.size === count) return [...drawn.values()];
  throw new LeaError('E_CONFIG', `search.runs.${name} has fewer settings than there are trials.`, {
    value: `${counted(drawn.size, 'setting')}, ${counted(count, 'trial')}`,
    hint: 'Give more values, or lower "trials": all searched runs have the same number.',
  });
}

function valueAt(values: Space[string], own: Key): unknown {
  const [at] = uniform(own, 1) as unknown as [number];
  if (Array.isArray(values)) return values[Math.floor(at * values.length)];
  const { from, to, scale, whole } = values as Range;
  // So that the bounds are as likely as the numbers between them.
  const [low, high] = whole ? [from - 0.5, to + 0.5] : [from, to];
  const value = scale === 'log' ? low * (high / low) ** at : low + at * (high - low);
  const rounded = whole ? Math.round(value) : Number(value.toPrecision(4));
  return Math.min(to, Math.max(from, rounded)) + 0;
}

/**
 * A copy of an object with values at paths such as `agent.encoder.dropout`. Missing objects on the way are made. A path within
 * another one, such as `agent.encoder.width` within `agent.encoder`, changes the value of that one, in whatever order they come.
 *
 * @throws LeaError `E_CONFIG` when a path leads through something else
 */
export function withSetting<T extends object>(given: T, setting: Setting): T {
  const copy = structuredClone(given);
  const entries = Object.entries(setting).map(([path, value]) => ({ path, steps: path.split('.'), value }));
  // A path has more steps than those that it is within.
  for (const { path, steps, value } of entries.sort((a, b) => a.steps.length - b.steps.length)) {
    const last = steps.pop()!;
    let at = copy as Record<string, unknown>;
    for (const step of steps) {
      at[step] ??= {};
      // What every object inherits, such as __proto__, belongs to all of them.
      if (!Object.hasOwn(at, step) || !isObject(at[step]) || Array.isArray(at[step])) {
        throw new LeaError('E_CONFIG', `The path of a searched option leads through "${step}", which has no options.`, {
          value: path,
          hint: 'Write the path as in the config, for example "agent.encoder.dropout".',
        });
      }
      at = at[step] as Record<string, unknown>;
    }
    // Trials share the values of the space, and longer paths change them.
    at[last] = structuredClone(value);
  }
  return copy;
}
