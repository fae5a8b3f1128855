import { LeaError } from '@lea/core';
import { parseListMetric, parseMetric } from '@lea/eval';
import type { Experiment, RunConfig } from './schema.ts';

/** The default validation metric. */
const USUAL = 'ndcg@10';

/** Default cutoffs of metrics, as in @lea/eval. */
const KS = [5, 10, 20];

/** The validation metric that all runs share: it stops runs, fits the weights of memories and selects the best run. */
export function validationMetric(runs: readonly RunConfig[]): string {
  return metricOf(runs.find(({ network }) => network === undefined));
}

function metricOf(run: RunConfig | undefined): string {
  return run?.train?.metric ?? USUAL;
}

/**
 * Checks that all shown metrics are computed, and that all runs have the same validation metric.
 *
 * @param kinds of the log, once it is read. Default: those that have rewards; any, if the rewards are the log's own
 * @throws LeaError `E_CONFIG`, `E_METRIC_UNKNOWN`
 */
export function checkMetrics(
  { metrics = [], lists, ks = KS, rewards, runs, published = [] }: Experiment,
  origin: string,
  kinds = rewards === 'logged' ? undefined : Object.keys(rewards),
): void {
  const kindsIn = (metric: string) => kinds ?? metric.split('/').slice(1);
  // Their cutoffs may be others than ours.
  for (const row of published)
    for (const name of Object.keys(row.metrics))
      located(() => parseMetric(name, kindsIn(name)), `${origin}, at published`);
  for (const name of lists?.metrics ?? []) located(() => parseListMetric(name), `${origin}, at lists.metrics`);
  for (const name of metrics) {
    const { k } = located(() => parseMetric(name, kindsIn(name)), `${origin}, at metrics`);
    if (ks.includes(k)) continue;
    throw new LeaError('E_CONFIG', `${origin}, at metrics: ${name} has a cutoff that is not in "ks".`, {
      value: k,
      hint: `Add ${k} to "ks", or use one of the cutoffs ${ks.join(', ')}.`,
    });
  }
  const trained = runs.filter(({ network }) => network === undefined);
  const other = trained.find((run) => metricOf(run) !== validationMetric(runs));
  if (!other) return;
  const what = `${origin}: runs "${trained[0]!.name}" and "${other.name}" have different validation metrics.`;
  throw new LeaError('E_CONFIG', what, {
    value: [validationMetric(runs), metricOf(other)],
    hint: 'Set the same "metric" in "train" of all runs; it selects the best run.',
  });
}

function located<T>(parse: () => T, where: string): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof LeaError)) throw cause;
    throw new LeaError(cause.code, `${where}: ${cause.message}`, { cause });
  }
}
