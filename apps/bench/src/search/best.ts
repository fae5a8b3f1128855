import { dirname, join, parse, resolve } from 'node:path';
import { LeaError } from '@lea/core';
import { check, type Loaded } from '../config/load.ts';
import type { RunConfig } from '../config/schema.ts';
import { writeUnlessSame } from '../terminal/unchanged.ts';
import type { Found } from './found.ts';
import { withSetting } from './settings.ts';

/**
 * The path of the config with the best settings: beside the searched config, because paths in configs are relative to them.
 *
 * @param out as it was given @throws LeaError `E_FLAG_VALUE`
 */
export function bestPath(out: string | undefined, { origin, folder }: Pick<Loaded, 'origin' | 'folder'>): string {
  if (out === undefined) return join(folder, `${parse(origin).name}.best.json`);
  const path = resolve(out);
  if (dirname(path) === folder && path !== origin) return path;
  throw new LeaError(
    'E_FLAG_VALUE',
    'Expected another file in the folder of the config, because paths in it are relative.',
    {
      value: out,
      hint: `For example, use --out ${join(folder, `${parse(origin).name}.best.json`)}.`,
    },
  );
}

/**
 * Writes the config of an experiment with the best setting of every searched run, and the budget as its `maxSteps`. The other
 * runs, and searched ones whose trials all diverged, keep the options that they had, those of their bases included. All options
 * are written out, and no run inherits what was found for its base. `run` measures it on test.
 */
export async function writeBest(path: string, loaded: Loaded, { planned, methods }: Found): Promise<void> {
  const { search: _, ...given } = loaded.json as Record<string, unknown>;
  const { method, trials, budget, eta, seed = 0 } = planned.search;
  const runs = loaded.experiment.runs.map((given): RunConfig => {
    // A run that takes the network of another one inherits nothing.
    const run = given.base === undefined || given.network !== undefined ? given : { ...given, inherit: false };
    const at = methods.findIndex(({ name }) => name === run.name);
    const best = methods[at]?.best;
    if (best) {
      // The run is measured as it was searched: the budget takes the place of its own limit.
      const maxSteps = planned.methods[at]!.maxSteps[best.trial]!;
      return withSetting(run, { ...best.setting, 'train.maxSteps': maxSteps });
    }
    // It has the agent of the run whose network it takes.
    const { agent, ...own } = run;
    return run.network === undefined ? run : own;
  });
  const [found, diverged] = [true, false].map((has) =>
    methods.filter(({ best }) => (best !== undefined) === has).map(({ name }) => name),
  ) as [string[], string[]];
  const best = {
    ...given,
    seeds: loaded.experiment.seeds,
    runs,
    tuned: {
      method,
      trials,
      budget,
      ...(eta !== undefined && { eta }),
      seed,
      runs: found,
      ...(diverged.length > 0 && { diverged }),
    },
  };
  check(structuredClone(best), path);
  await writeUnlessSame(path, `${JSON.stringify(best, null, 2)}\n`);
}
