import { LeaError, nearest } from '@lea/core';
import type { Experiment } from './schema.ts';
import type { Range } from './search-schema.ts';

/** Options that a search cannot change, and why. */
const fixed: Readonly<Record<string, string>> = {
  name: 'it names the run',
  base: 'it only decides what is compared',
  controlRun: 'it only decides what is compared',
  inherit: 'it decides what the run is tuned from',
  network: 'a searched run trains its own network',
  'train.maxSteps': 'the budget of the search sets it',
  'train.metric': 'it judges the trials',
};

/** Default of `eta`, as in the paper of Hyperband (Li et al. 2018). */
export const ETA = 3;

/**
 * Checks that a search can be done, as far as the config tells. The settings themselves are checked when they are drawn.
 *
 * @throws LeaError `E_CONFIG`
 */
export function checkSearch({ search, runs }: Experiment, origin: string): void {
  if (!search) return;
  const refuse = (where: string, what: string, value: unknown, hint: string): never => {
    throw new LeaError('E_CONFIG', `${origin}, at search${where}: ${what}`, { value, hint });
  };
  const { method, trials, eta } = search;
  if (method === 'random' && eta !== undefined) {
    refuse('.eta', 'random search has no rungs.', eta, 'Remove "eta", or set method to "successive-halving".');
  }
  if (method === 'successive-halving' && trials < (eta ?? ETA)) {
    refuse('.trials', 'expected at least eta trials, so that one goes on.', trials, 'Raise "trials".');
  }
  if (Object.keys(search.runs).length === 0) refuse('.runs', 'expected at least one run.', {}, 'Name a run.');
  for (const [name, space] of Object.entries(search.runs)) {
    const run = runs.find((one) => one.name === name);
    const names = runs.map((one) => one.name);
    const near = nearest(name, names);
    if (!run) {
      refuse(
        '.runs',
        'expected the name of a run.',
        name,
        near ? `Did you mean "${near}"?` : `The runs are: ${names.join(', ')}.`,
      );
    }
    const where = `.runs.${name}`;
    if (run!.network !== undefined) {
      refuse(where, 'the run takes the network of another run.', run!.network, 'Search the run that trains it.');
    }
    if (Object.keys(space).length === 0) refuse(where, 'expected at least one option.', {}, 'Remove the run.');
    for (const [path, values] of Object.entries(space)) {
      const found = [path, path.split('.')[0]!].find((one) => Object.hasOwn(fixed, one));
      if (found) refuse(where, `the option cannot be searched, because ${fixed[found]}.`, path, 'Remove it.');
      if (path.split('.').includes('__proto__')) {
        refuse(where, 'no option is named "__proto__".', path, 'Write the path as in the config, such as "agent.lr".');
      }
      if (!Array.isArray(values))
        checkRange(values as Range, (what, hint) => refuse(`${where}.${path}`, what, values, hint));
    }
  }
}

function checkRange({ from, to, scale, whole }: Range, refuse: (what: string, hint: string) => void): void {
  if (from >= to) refuse('expected "from" below "to".', 'Swap them, or set the value in the run.');
  if (whole && !(Number.isInteger(from) && Number.isInteger(to))) {
    refuse('expected whole numbers as bounds.', 'Round them, or remove "whole".');
  }
  if (scale === 'log' && from <= 0)
    refuse('a logarithm needs numbers above 0.', 'Raise "from", or use scale "linear".');
}
