import type { Experiment } from '../config/schema.ts';
import type { SearchConfig } from '../config/search-schema.ts';

type Budget = SearchConfig['budget'];

/** `20 epochs`. */
export function budgetText(budget: Budget): string {
  const [[unit, amount]] = Object.entries(budget) as [[string, number]];
  return `${amount.toLocaleString('en')} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

/** `16 trials of random search, at most 20 epochs each`. */
export function tuningText({
  method,
  trials,
  eta,
  budget,
}: Pick<SearchConfig, 'method' | 'trials' | 'eta' | 'budget'>) {
  const by = method === 'random' ? 'random search' : `successive halving${eta === undefined ? '' : ` (eta ${eta})`}`;
  return `${trials} trials of ${by}, at most ${budgetText(budget)} each`;
}

/** Which runs of a config were tuned, and which were not; nothing where none were. */
export function tuningSentences({ tuned, runs }: Pick<Experiment, 'tuned' | 'runs'>): string[] {
  if (!tuned) return [];
  const { trials } = tuned;
  const others = runs.filter(({ name, network }) => network === undefined && !tuned.runs.includes(name));
  const each = tuned.runs.length > 1 ? 'each ' : '';
  const first = `${tuned.runs.join(', ')}: ${each}tuned by ${trials} trials on validation (${tuningText(tuned)}).`;
  const untuned = others.map(({ name }) => name).join(', ');
  return [first, ...(others.length > 0 ? [`Not tuned: ${untuned}.`] : [])];
}
