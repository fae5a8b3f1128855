import { checkTexts, LeaError } from '@lea/core';

/** The measures of lists, see {@link listMetrics}. */
const listMeasures = [
  'hr',
  'ndcg',
  'mrr',
  'recall',
  'precision',
  'map',
  'novelty',
  'popularity',
  'serendipity',
  'similarity',
  'coverage',
  'gini',
  'lift',
] as const;

/** A measure of lists. */
export type ListMeasure = (typeof listMeasures)[number];

/** A parsed name: `gini@10` is `{ measure: 'gini', k: 10 }`. */
export interface ListMetric {
  /** Its measure. */
  readonly measure: ListMeasure;
  /** Length of the lists. */
  readonly k: number;
}

/**
 * Parses the name of a metric of lists.
 *
 * @throws LeaError `E_METRIC_UNKNOWN`
 */
export function parseListMetric(name: string): ListMetric {
  checkTexts('parseListMetric', { name });
  const [, word, k] = /^([a-z]+)@([1-9]\d*)$/.exec(name) ?? [];
  const measure = listMeasures.find((known) => known === word);
  if (measure === undefined) {
    throw new LeaError('E_METRIC_UNKNOWN', 'Unknown metric of lists.', {
      value: name,
      hint: `Write "measure@k", for example "coverage@10". The measures are: ${listMeasures.join(', ')}.`,
    });
  }
  return { measure, k: Number(k) };
}
