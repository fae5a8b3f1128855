import { LeaError, nearest } from '@lea/core';
import type { Transitions } from '@lea/data';
import { averages } from '@lea/eval';

/** The k of the metrics that validation computes. */
export const CUTOFFS: readonly number[] = [5, 10, 20];

/**
 * Refuses a metric that validation on these events will not give.
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
    throw new LeaError('E_TRAIN_METRIC', 'Validation has no such metric.', {
      value: metric,
      hint: `${near ? `Did you mean "${near}"? ` : ''}Metrics are: ${names.join(', ')}.`,
    });
  }
  if (Number.isNaN(metrics[metric])) {
    throw new LeaError('E_TRAIN_METRIC', 'No validation event is of the kind of the metric.', {
      value: metric,
      hint: 'Take the metric over all events, or validate on more users.',
    });
  }
}
