import { describeValue } from '@lea/core';
import * as v from 'valibot';
import { count, described, flag, name, number, positive, seed } from './schema-values.ts';
import { distinct, strict } from './strict.ts';

const range = strict('A range of search.runs', {
  from: described(number, 'The smallest value.'),
  to: described(number, 'The largest value.'),
  scale: v.optional(
    described(
      v.picklist(['linear', 'log']),
      'Where values are drawn evenly: between the bounds, or between their logarithms. Default: "linear".',
    ),
  ),
  whole: v.optional(described(flag, 'Whether values are rounded to whole numbers. Default: false.')),
});

const values = v.pipe(v.array(v.unknown()), v.minLength(1), distinct('value'));

const options = v.record(v.string(), v.union([values, range]));

/** What one trial may cost at most. */
const budget = described(
  v.union(
    [strict('search.budget', { epochs: positive }), strict('search.budget', { steps: count })],
    ({ input }) => `expected exactly one of "epochs" and "steps", got ${describeValue(input)}`,
  ),
  'Training of one trial, at most: epochs or steps. With successive halving, that of the trials in the last rung.',
);

const method = described(
  v.picklist(['random', 'successive-halving']),
  '"random": every trial has the whole budget. "successive-halving": all trials begin with a small part of it, and in each ' +
    'rung the best of them go on.',
);
const trials = described(count, 'Number of trials of every searched run.');
const drawn = described(seed, 'Seed of the drawn settings. Default: 0.');

/** How the options of runs are tuned on validation, before the winners are measured on test. */
export const search = strict('search', {
  method,
  trials,
  budget,
  eta: v.optional(
    described(
      v.pipe(count, v.minValue(2)),
      'With successive halving: one trial of so many goes on to the next rung, which trains so many times as long. Default: 3.',
    ),
  ),
  seed: v.optional(drawn),
  runs: described(
    v.record(name, options),
    'The searched options, by the name of the run and the path of the option, such as "agent.lr": a list of values or a range.',
  ),
});

/** How the options of this config came about; `search` writes it. */
export const tuned = strict('tuned', {
  method,
  trials,
  budget,
  eta: v.optional(count),
  seed: drawn,
  runs: described(
    v.array(name),
    'The runs with the best options of their trials. All others are as their config said.',
  ),
  diverged: v.optional(described(v.array(name), 'Searched runs whose trials all diverged.')),
});

export type SearchConfig = v.InferOutput<typeof search>;
export type Space = SearchConfig['runs'][string];
export type Range = v.InferOutput<typeof range>;
