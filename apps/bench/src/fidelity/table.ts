import type { TextTable } from '../report/table.ts';
import { duration } from '../terminal/duration.ts';
import { formatMetric, formatShare } from '../terminal/metric.ts';
import { estimate, MEASURES, type MeasureName } from './estimates.ts';
import type { Measured } from './measure.ts';
import { titleOf } from './subjects.ts';

interface Column {
  readonly head: string;
  readonly value: (measured: Measured) => number;
  /** Whether the highest or the lowest value is best; without it no value is marked. */
  readonly best?: 'most' | 'least';
  readonly text?: (measured: Measured) => string;
}

/** Shown where some subjects were measured on a sample. */
const decisions: Column = {
  head: 'decisions',
  value: ({ fidelity }) => fidelity.rows,
  text: ({ fidelity }) => fidelity.rows.toLocaleString('en'),
};

/** The main measures. */
export function mainTable(all: readonly Measured[]): TextTable & Required<Pick<TextTable, 'best'>> {
  const most = Math.max(...all.map(({ fidelity }) => fidelity.rows));
  const isSampled = all.some(({ fidelity }) => fidelity.rows < most);
  return table(all, [
    ...(isSampled ? [decisions] : []),
    { head: 'NDCG@10', value: ({ fidelity }) => fidelity.ndcg, best: 'most' },
    { head: 'HR@10', value: ({ fidelity }) => fidelity.hr, best: 'most' },
    { head: 'random', value: ({ fidelity }) => fidelity.accuracyUniform, best: 'most' },
    { head: 'popular', value: ({ fidelity }) => fidelity.accuracyPopular, best: 'most' },
    { head: 'precision@10', value: ({ fidelity }) => fidelity.precision, best: 'most' },
    { head: 'cold NDCG@10', value: ({ fidelity }) => fidelity.cold.ndcg, best: 'most' },
    { head: 'cold random', value: ({ fidelity }) => fidelity.cold.accuracyUniform, best: 'most' },
  ]);
}

/** Further measures: rewards across histories, calibration, coverage and popularity of the positives. */
export function moreTable(all: readonly Measured[]): TextTable {
  const fixed =
    (of: (measured: Measured) => number | undefined) =>
    (measured: Measured): string => {
      const value = of(measured);
      return value === undefined || !Number.isFinite(value) ? '–' : value.toPrecision(3);
    };
  const columns: Column[] = [
    { head: 'AUC random', value: ({ fidelity }) => fidelity.auc.uniform, best: 'most' },
    { head: 'AUC popular', value: ({ fidelity }) => fidelity.auc.popular, best: 'most' },
    { head: 'ECE', value: ({ fidelity }) => fidelity.calibration.uniform.ece, best: 'least' },
    { head: 'ECE scaled', value: ({ fidelity }) => fidelity.scaled?.uniform.ece ?? Number.NaN, best: 'least' },
    {
      head: 'slope',
      value: ({ fidelity }) => fidelity.scaled?.uniform.slope ?? Number.NaN,
      text: fixed(({ fidelity }) => fidelity.scaled?.uniform.slope),
    },
    ...(all.some(({ fidelity }) => fidelity.probabilities)
      ? [
          {
            head: 'ECE single',
            value: ({ fidelity }: Measured) => fidelity.probabilities?.ece ?? Number.NaN,
            best: 'least' as const,
          },
        ]
      : []),
    { head: 'coverage', value: ({ fidelity }) => fidelity.coverage },
    { head: 'popularity', value: ({ fidelity }) => fidelity.popularity.positives },
  ];
  if (all.some(({ agreement }) => agreement)) {
    columns.push({ head: 'truth', value: ({ agreement }) => agreement?.spearman ?? Number.NaN, best: 'most' });
  }
  return table(all, columns);
}

/** Mean reward per kind of event, in standard deviations of the rewards of random items above their mean. */
export function rewardTable(all: readonly Measured[]): TextTable {
  const kinds = Object.keys(all[0]?.fidelity.reward.kinds ?? {});
  const standardized = (mean: number, { reward }: Measured['fidelity']): number =>
    (mean - reward.uniform.mean) / reward.uniform.sd;
  const column = (head: string, mean: (measured: Measured) => number): Column => ({
    head,
    value: (measured) => standardized(mean(measured), measured.fidelity),
    text: (measured) => {
      const value = standardized(mean(measured), measured.fidelity);
      return Number.isFinite(value) ? value.toFixed(2) : '–';
    },
  });
  return table(all, [
    ...kinds.map((kind) => column(kind, ({ fidelity }) => fidelity.reward.kinds[kind]!.mean)),
    column('popular items', ({ fidelity }) => fidelity.reward.popular.mean),
  ]);
}

/** The measures of the tables by share of the users. */
const BY_SHARE = ['ndcg', 'accuracyPopular', 'precision'] as const;

/** The tables by share of the users; none for a single share. */
export function shareTables(all: readonly Measured[]): TextTable[] {
  const isSingle = all.every(({ subject }) => subject.users === all[0]!.subject.users);
  return isSingle ? [] : BY_SHARE.map((measure) => shareTable(all, measure));
}

/** A measure of every subject (rows) by share of the users that it knows (columns). */
function shareTable(all: readonly Measured[], measure: MeasureName): TextTable {
  const shares = [...new Set(all.map(({ subject }) => subject.users))];
  const ofShare = (share: number): Measured[] => all.filter(({ subject }) => subject.users === share);
  const columns = shares.map((share) => {
    const values = ofShare(share).map((measured) => estimate(measured, measure).value);
    return { head: formatShare(share), values };
  });
  const best = columns.map(({ values }, c): [number, number] => [c + 1, values.indexOf(Math.max(...values))]);
  return {
    head: [MEASURES[measure], ...columns.map(({ head }) => head)],
    rows: ofShare(shares[0]!).map(({ subject }, r) => [
      subject.name,
      ...columns.map(({ values }) => formatMetric(values[r])),
    ]),
    best: new Map(best),
  };
}

/** One line for a terminal. */
export function summaryLine({ fidelity, fresh, seconds }: Measured): [string, string | undefined] {
  const summary = `NDCG@10 ${formatMetric(fidelity.ndcg)}, accuracy ${formatMetric(fidelity.accuracyUniform)} random, ${formatMetric(fidelity.accuracyPopular)} popular`;
  return [summary, fresh ? undefined : `already measured, took ${duration(seconds)}`];
}

function table(all: readonly Measured[], columns: readonly Column[]): TextTable & Required<Pick<TextTable, 'best'>> {
  const best = new Map<number, number>();
  columns.forEach(({ value, best: which }, c) => {
    const values = all.map(value);
    const known = values.filter(Number.isFinite);
    if (!which || known.length === 0) return;
    best.set(c + 1, values.indexOf(which === 'most' ? Math.max(...known) : Math.min(...known)));
  });
  return {
    head: [titleOf({ name: 'subject', users: all[0]?.subject.users ?? 1 }), ...columns.map(({ head }) => head)],
    rows: all.map((measured) => [
      measured.subject.name,
      ...columns.map(({ value, text }) => text?.(measured) ?? formatMetric(value(measured))),
    ]),
    best,
  };
}
