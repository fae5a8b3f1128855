import { counted } from '../terminal/counted.ts';
import { formatMetric } from '../terminal/metric.ts';
import { signed } from './conclusions.ts';
import type { Cell, Result } from './formats.ts';
import { type EstimatedRow, isAnswered, type OffPolicy } from './off-policy.ts';
import type { TextTable } from './table.ts';

/** What the estimates are, and what they cannot say. */
export function offPolicyNotes({ rows, reference, events, logged, nothing }: OffPolicy): string[] {
  if (nothing !== undefined) return [nothing];
  const refused = rows.filter(({ reasons }) => reasons.length > 0);
  const unfinished = rows.filter((row) => row.unfinished).map(({ name }) => name);
  const none = rows.some(isAnswered) && rows.every(({ difference }) => !difference);
  const why = unfinished.includes(reference)
    ? `the estimate of the reference, ${reference}, is not finished`
    : `the log cannot answer for the reference, ${reference}`;
  return [
    `Mean reward per decision of a policy that draws items by the softmax of the model's scores, at the temperature that fits ` +
      `validation, by ${events.toLocaleString('en')} test events (mean reward ${formatMetric(logged)}). SNIPS reweights their ` +
      'rewards, SNDR also uses a reward model. Intervals are bootstraps over users, without adjustment for the number of models.',
    ...(none ? [`There are no differences, because ${why}.`] : []),
    ...refusals(refused),
    ...(unfinished.length > 0 ? [`Not finished: ${unfinished.join(', ')}.`] : []),
    ...LIMITS,
  ];
}

/** Why models are refused; models that are refused for the same reasons share a sentence. */
function refusals(refused: readonly EstimatedRow[]): string[] {
  const withoutNumbers = ({ reasons }: EstimatedRow) => reasons.join('; ').replaceAll(/\d+(\.\d+)?/g, '');
  return [...Map.groupBy(refused, withoutNumbers).values()].map((rows) => {
    const [first, ...others] = rows as [EstimatedRow, ...EstimatedRow[]];
    const why = `${first.name} is refused: ${first.reasons.join('; ')}.`;
    const names = others.map(({ name }) => name).join(', ');
    const verb = others.length > 1 ? 'are' : 'is';
    return others.length === 0
      ? why
      : `${why} ${names} ${verb} refused for the same reason; the report has their numbers.`;
  });
}

/** What the terminal says of the estimates. */
export function offPolicySentence({ rows, nothing }: OffPolicy): string {
  if (nothing !== undefined) return nothing;
  const answered = rows.filter(isAnswered).length;
  const unfinished = rows.filter((row) => row.unfinished).length;
  const refused = rows.length - answered - unfinished;
  const others = refused === 0 ? '' : `, and why the ${refused === 1 ? 'other is' : 'others are'} refused,`;
  const report = answered === 0 ? 'The report says why.' : `Their estimates${others} are in the report.`;
  const open = unfinished > 0 ? ` Of ${counted(unfinished, 'model')} the estimate is not finished.` : '';
  return `Off-policy, the log can answer for ${answered} of ${rows.length - unfinished} models. ${report}${open}`;
}

const LIMITS = [
  'The log is what users chose themselves. It has no record of what they were shown and did not choose, so an estimate is not ' +
    'what users would do if they were shown the items of a policy, nor how many would come back.',
  'The probabilities of the logged choices are not recorded either. They come from a fitted model, the softmax of a counting ' +
    'memory. If this model is wrong, so are the estimates; the only warning is a mean weight far from 1.',
];

/** One row per model, refused ones included. */
export function offPolicyTable(estimates: OffPolicy): TextTable {
  const { rows, reference } = estimates;
  return {
    head: [
      'model',
      'SNDR',
      '95 % interval',
      'SNIPS',
      `SNDR − ${reference}`,
      '95 % interval',
      'effective size',
      'mean weight',
    ],
    rows: rows.map((row) => [row.name, ...cells(row)]),
    notes: offPolicyNotes(estimates),
  };
}

/** Results with both estimates as further metrics, whose intervals are those of the bootstrap; refused ones have no number. */
export function withEstimates(results: readonly Result[], { rows, nothing }: OffPolicy): Result[] {
  if (nothing !== undefined) return [...results];
  return results.map((result) => {
    const row = rows.find(({ name, kind }) => name === result.model && kind === result.kind);
    const value = row && isAnswered(row) ? row.value : undefined;
    const cell = (estimator: 'snips' | 'sndr'): Cell => ({
      metric: `off-policy/${estimator}`,
      mean: value?.[estimator].value ?? Number.NaN,
      deviation: Number.NaN,
      interval: value?.[estimator].interval ?? [Number.NaN, Number.NaN],
      best: false,
    });
    return { ...result, cells: [...result.cells, cell('sndr'), cell('snips')] };
  });
}

function cells({ value, difference, reasons, unfinished }: EstimatedRow): string[] {
  if (unfinished) return ['not finished', '–', 'not finished', '–', '–', '–', '–'];
  const refused = reasons.length > 0;
  const { support } = value?.sndr ?? {};
  return [
    refused ? 'refused' : formatMetric(value!.sndr.value),
    refused ? '–' : range(value!.sndr.interval, formatMetric),
    refused ? 'refused' : formatMetric(value!.snips.value),
    difference ? signed(difference.difference) : '–',
    difference ? range(difference.interval, signed) : '–',
    support ? support.effectiveSize.toFixed(0) : '–',
    support ? support.meanWeight.toFixed(2) : '–',
  ];
}

function range(interval: readonly [number, number], format: (value: number) => string): string {
  return interval.every(Number.isFinite) ? interval.map(format).join(' to ') : '–';
}
