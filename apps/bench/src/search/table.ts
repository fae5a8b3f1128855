import type { RunConfig } from '../config/schema.ts';
import type { Range, SearchConfig, Space } from '../config/search-schema.ts';
import { type Setting, settingText } from '../experiment/trial.ts';
import type { TextTable } from '../report/table.ts';
import { budgetText, namesOf, tuningText, unequalPairs, untuned } from '../report/tuned.ts';
import { counted } from '../terminal/counted.ts';
import { duration } from '../terminal/duration.ts';
import { formatMetric, metricTitle } from '../terminal/metric.ts';
import type { Found } from './found.ts';
import { totalShare } from './rungs.ts';

/** The share of a range, on its scale, that is near an end. */
const NEAR = 0.05;

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
    rows: methods.map(({ name, best, isFinished, isRising, diverged, steps, seconds }) => [
      `${name}${isRising ? ' ↑' : ''}`,
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
      ...(methods.some(({ isRising }) => isRising)
        ? [
            '↑ The best trial stopped at its budget while validation was still improving. A larger budget may give better results.',
          ]
        : []),
      ...methods.flatMap(({ name, best }) => nearEnds(name, search.runs[name]!, best?.setting ?? {})),
      ...(plain.length > 0 ? [`Not searched, and run as the config says: ${namesOf(plain)}.`] : []),
      ...(served.length > 0 ? [`Not searched, but with a network that is: ${namesOf(served)}.`] : []),
      ...unequalPairs(runs, Object.keys(search.runs)),
    ],
  };
}

/** Warns of best values so near to an end of their range that a better one may lie beyond it. */
function nearEnds(name: string, space: Space, setting: Setting): string[] {
  return Object.entries(setting).flatMap(([path, value]) => {
    const range = space[path]!;
    if (Array.isArray(range)) return [];
    const { from, to, scale } = range as Range;
    const place = scale === 'log' ? (x: number) => Math.log(x) : (x: number) => x;
    const share = (place(value as number) - place(from)) / (place(to) - place(from));
    if (share > NEAR && share < 1 - NEAR) return [];
    const end = share < 0.5 ? from : to;
    return [
      `${name}: the best ${path}, ${value}, is near the end ${end} of its range. A wider range may give better results.`,
    ];
  });
}

function times(budget: SearchConfig['budget'], factor: number): SearchConfig['budget'] {
  const round = (value: number): number => Number((value * factor).toPrecision(4));
  return 'steps' in budget ? { steps: round(budget.steps) } : { epochs: round(budget.epochs) };
}
