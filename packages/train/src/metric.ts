import { LeaError, nearest } from '@lea/core';
import type { Transitions } from '@lea/data';
import { averages } from '@lea/eval';

/** The cutoffs k of the metrics that validation computes. */
export const CUTOFFS: readonly number[] = [5, 10, 20];

/**
 * Checks that validation on these events computes a metric.
 *
 * @throws LeaError `E_TRAIN_METRIC`
 */
export function checkMetric(metric: string, { sequences, event }: Transitions): void {
  const { kind, kinds } = sequences;
  const ranks = new Int32Array(event.length).fill(1);
  const metrics = averages(
    ranks,
    Array.from(event, (e) => kind[e]!),
    kinds,
    CUTOFFS,
  );
  const names = Object.keys(metrics);
  if (!names.includes(metric)) {
    const near = nearest(metric, names);
    throw new LeaError('E_TRAIN_METRIC', 'Expected a metric that validation computes.', {
      value: metric,
      hint: `${near ? `Did you mean "${near}"? ` : ''}The metrics are: ${names.join(', ')}.`,
    });
  }
  if (Number.isNaN(metrics[metric])) {
    throw new LeaError('E_TRAIN_METRIC', 'Expected validation events of the kind in the metric, got none.', {
      value: metric,
      hint: 'Use the metric over all events, or validate on more users.',
    });
  }
}
