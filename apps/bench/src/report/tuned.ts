import { controlsOf } from '../config/load.ts';
import type { Experiment, RunConfig } from '../config/schema.ts';
import { ETA } from '../config/search.ts';
import type { SearchConfig } from '../config/search-schema.ts';
import { counted } from '../terminal/counted.ts';

type Budget = SearchConfig['budget'];

/** `20 epochs`. */
export function budgetText(budget: Budget): string {
  const [[unit, amount]] = Object.entries(budget) as [[string, number]];
  return `${amount.toLocaleString('en')} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

/** `random search, at most 20 epochs per trial`. */
export function tuningText({ method, eta = ETA, budget }: Pick<SearchConfig, 'method' | 'eta' | 'budget'>): string {
  const by = method === 'random' ? 'random search' : `successive halving (eta ${eta})`;
  return `${by}, at most ${budgetText(budget)} per trial`;
}

/** Which runs of a config were tuned, and which were not; nothing where none were. */
export function tuningSentences({ tuned, runs }: Pick<Experiment, 'tuned' | 'runs'>): string[] {
  if (!tuned) return [];
  const { trials, diverged = [] } = tuned;
  const { served, plain } = untuned(runs, tuned.runs);
  // The others share a network that is listed.
  const own = plain.filter(({ name, network }) => network === undefined && !diverged.includes(name));
  const each = tuned.runs.length > 1 ? 'each ' : '';
  const first = `${tuned.runs.join(', ')}: ${each}tuned by ${counted(trials, 'trial')} on validation, by ${tuningText(tuned)}.`;
  return [
    first,
    ...diverged.map((name) => `${name} has its own options, because all of its trials diverged.`),
    ...(own.length > 0 ? [`Not tuned: ${namesOf(own)}.`] : []),
    ...(served.length > 0 ? [`Not tuned, but with a tuned network: ${namesOf(served)}.`] : []),
    ...unequalPairs(runs, tuned.runs),
  ];
}

/** A warning about runs that are compared although only one of them is tuned. */
export function unequalPairs(runs: readonly RunConfig[], tuned: readonly string[]): string[] {
  const { plain } = untuned(runs, tuned);
  const isTuned = (name: string) => plain.every((run) => run.name !== name);
  const pairs = runs.flatMap((run) =>
    [...(run.base === undefined ? [] : [run.base]), ...controlsOf(run)].flatMap((other) => {
      if (isTuned(run.name) === isTuned(other)) return [];
      return [isTuned(other) ? `${other} and ${run.name}` : `${run.name} and ${other}`];
    }),
  );
  if (pairs.length === 0) return [];
  return [`Compared, but only the first is tuned, so a difference may come from tuning: ${pairs.join(', ')}.`];
}

/** The runs that are not tuned themselves: those that take a tuned network, and those that do not. */
export function untuned(
  runs: readonly RunConfig[],
  tuned: readonly string[],
): { readonly served: RunConfig[]; readonly plain: RunConfig[] } {
  const has = (name: string | undefined) => name !== undefined && tuned.includes(name);
  const others = runs.filter(({ name }) => !has(name));
  return { served: others.filter(({ network }) => has(network)), plain: others.filter(({ network }) => !has(network)) };
}

export function namesOf(runs: readonly RunConfig[]): string {
  return runs.map(({ name }) => name).join(', ');
}
