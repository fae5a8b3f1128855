import { LeaError } from '@lea/core';
import { parseMetric } from '@lea/eval';
import type { Experiment, RunConfig } from './schema.ts';

/** The metric that results are compared by. */
const USUAL = 'ndcg@10';

/** Places that metrics are counted to by default, as in @lea/eval. */
const KS = [5, 10, 20];

/** The validation metric that stops runs, fits the weights of memories and chooses among runs: one for all of them. */
export function validationMetric(runs: readonly RunConfig[]): string {
  return metricOf(runs.find(({ network }) => network === undefined));
}

function metricOf(run: RunConfig | undefined): string {
  return run?.train?.metric ?? USUAL;
}

/**
 * Metrics that nobody counts, and validation metrics whose values cannot be compared.
 *
 * @throws LeaError `E_CONFIG`, `E_METRIC_UNKNOWN`
 */
export function checkMetrics({ metrics = [], ks = KS, rewards, runs }: Experiment, origin: string): void {
  for (const name of metrics) {
    const { k } = parsed(name, Object.keys(rewards), origin);
    if (ks.includes(k)) continue;
    throw new LeaError('E_CONFIG', `${origin}, at metrics: ${name} is not counted.`, {
      value: k,
      hint: `Add ${k} to "ks", or name one of the places ${ks.join(', ')}.`,
    });
  }
  const trained = runs.filter(({ network }) => network === undefined);
  const other = trained.find((run) => metricOf(run) !== validationMetric(runs));
  if (!other) return;
  const what = `${origin}: runs "${trained[0]!.name}" and "${other.name}" have different validation metrics.`;
  throw new LeaError('E_CONFIG', what, {
    value: [validationMetric(runs), metricOf(other)],
    hint: 'Give "train" of all runs one "metric": it chooses the best of them.',
  });
}

function parsed(name: string, kinds: readonly string[], origin: string): { k: number } {
  try {
    return parseMetric(name, kinds);
  } catch (cause) {
    if (!(cause instanceof LeaError)) throw cause;
    throw new LeaError(cause.code, `${origin}, at metrics: ${cause.message}`, { cause });
  }
}
