import { deviation, mean } from '@lea/core';
import { compareReturns, type Estimate, returnInterval, type StoppingRule } from '@lea/eval';
import type { TextTable } from '../report/table.ts';
import { counted } from '../terminal/counted.ts';
import type { Returns, Row } from './study.ts';

/** The numbers of a policy under a rule. */
export interface Numbers {
  readonly name: string;
  readonly head: string | null;
  readonly seeds: number;
  /** Undiscounted return, with an interval over users. */
  readonly return: Estimate;
  /** Standard deviation of the mean return over seeds; NaN with a single seed. */
  readonly deviation: number;
  readonly discounted: Estimate;
  readonly length: Estimate;
  readonly diversity: Estimate;
  /** Share of visits that the users did not end themselves. */
  readonly cut: number;
  /** NDCG@10 on the test events; NaN for policies that see more than histories. */
  readonly ndcg: number;
  /** Difference of the returns to the reference, in pairs of visits, with its interval; absent for the reference. */
  readonly difference?: { readonly value: number; readonly interval: readonly [number, number] };
}

/** The numbers of all policies under a rule, the highest return first. */
export function numbersOf({ rows, reference }: Pick<Returns, 'rows' | 'reference'>, rule: StoppingRule): Numbers[] {
  const numbers = (row: Row): Numbers => {
    const runs = row.visits[rule];
    const own = returnInterval(runs);
    const against = reference && row !== reference ? compareReturns(runs, reference.visits[rule]) : undefined;
    return {
      name: row.name,
      head: row.head,
      seeds: runs.length,
      return: own,
      deviation: deviation(
        runs.map(({ means }) => means.return),
        'sample',
      ),
      discounted: returnInterval(runs, { measure: 'discounted' }),
      length: returnInterval(runs, { measure: 'length' }),
      diversity: returnInterval(runs, { measure: 'diversity' }),
      cut: mean(runs.map(({ cut }) => cut)),
      ndcg: mean(row.ndcg),
      ...(against && { difference: { value: against.difference, interval: against.interval } }),
    };
  };
  return rows.map(numbers).sort((a, b) => b.return.value - a.return.value);
}

/** One row per policy and head. */
export function returnsTable(study: Returns, rule: StoppingRule): TextTable {
  const fixed = (value: number, digits = 2): string => (Number.isNaN(value) ? '–' : value.toFixed(digits));
  const { reference, users } = study;
  const against = reference ? `vs ${reference.name}` : 'vs –';
  return {
    head: [rule, 'head', 'return', '± seeds', against, 'discounted', 'length', 'diversity', 'NDCG@10'],
    rows: numbersOf(study, rule).map((row) => [
      row.name,
      row.head ?? '–',
      `${fixed(row.return.value)} [${row.return.interval.map((x) => fixed(x)).join(', ')}]`,
      fixed(row.deviation),
      row.difference
        ? `${fixed(row.difference.value)} [${row.difference.interval.map((x) => fixed(x)).join(', ')}]`
        : '–',
      fixed(row.discounted.value),
      fixed(row.length.value, 1),
      fixed(row.diversity.value, 3),
      fixed(row.ndcg, 4),
    ]),
    notes: [
      `Brackets: 95 % interval over ${counted(users, 'user')}, of means over seeds. ± seeds: standard deviation of the mean return over seeds.`,
    ],
  };
}
