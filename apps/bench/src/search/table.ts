import type { RunConfig } from '../config/schema.ts';
import type { SearchConfig } from '../config/search-schema.ts';
import type { TextTable } from '../report/table.ts';
import { budgetText, namesOf, tuningText, unequalPairs, untuned } from '../report/tuned.ts';
import { counted } from '../terminal/counted.ts';
import { duration } from '../terminal/duration.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import { type Found, settingText } from './found.ts';
import { totalShare } from './rungs.ts';

/**
 * One row per searched run: its best setting, the validation metric, and what the search cost.
 *
 * @param runs of the config, also those that are not searched
 */
export function searchTable({ planned, methods, records }: Found, runs: readonly RunConfig[]): TextTable {
  const { search, rungs, prepared } = planned;
  const { served, plain } = untuned(runs, Object.keys(search.runs));
  const metric = records[0]?.metric ?? 'ndcg@10';
  const trials = `${search.trials}`;
  return {
    head: ['run', 'best setting', `validation ${metricTitle(metric)}`, 'trials', 'diverged', 'steps', 'time'],
    rows: methods.map(({ name, best, isFinished, diverged, steps, seconds }) => [
      name,
      best ? settingText(best.setting) : isFinished ? 'none: all trials diverged' : 'not finished',
      formatMetric(best?.value ?? undefined),
      trials,
      `${diverged}`,
      steps.toLocaleString('en'),
      duration(seconds),
    ]),
    notes: [
      `Every row: ${counted(search.trials, 'trial')} by ${tuningText(search)} and ${budgetText(times(search.budget, totalShare(rungs)))} in all.`,
      `All trials have seed ${prepared.experiment.seeds[0]}. The metric is that of the best trial, so it is too high as an estimate.`,
      ...(plain.length > 0 ? [`Not searched, and run as the config says: ${namesOf(plain)}.`] : []),
      ...(served.length > 0 ? [`Not searched, but with a network that is: ${namesOf(served)}.`] : []),
      ...unequalPairs(runs, Object.keys(search.runs)),
    ],
  };
}

function times(budget: SearchConfig['budget'], factor: number): SearchConfig['budget'] {
  const round = (value: number): number => Number((value * factor).toPrecision(4));
  return 'steps' in budget ? { steps: round(budget.steps) } : { epochs: round(budget.epochs) };
}
