import { LeaError } from '@lea/core';
import type { Scorer } from '@lea/data';
import { listMetrics, parseListMetric, recommend } from '@lea/eval';
import type { Experiment } from '../config/schema.ts';
import type { Dataset } from '../data/describe.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import type { RunRecord } from './record.ts';

/** The part of a record about lists: recommends to the test users if the config asks for metrics of lists. */
export async function measuredLists(scorer: Scorer, context: Context): Promise<Pick<RunRecord, 'lists'>> {
  const { experiment, split, signal, text } = context;
  if (!experiment.lists) return {};
  const { metrics: names, per } = experiment.lists;
  const { exclude } = experiment;
  const ks = [...new Set(names.map((name) => parseListMetric(name).k))];
  const lists = await follow(recommend(scorer, split.test, { per, exclude, k: Math.max(...ks), signal }), context);
  const vectors = names.some(needsTexts) ? text() : undefined;
  const { metrics } = listMetrics(lists, split.train, { ks, vectors });
  return {
    lists: {
      per: lists.per,
      exclude: lists.exclude,
      metrics: Object.fromEntries(names.map((name) => [name, metrics[name]!])),
    },
  };
}

/**
 * Refuses metrics that the data set cannot have.
 *
 * @throws LeaError `E_CONFIG`
 */
export function checkLists({ lists }: Experiment, { itemTexts }: Dataset, origin: string): void {
  const name = itemTexts ? undefined : lists?.metrics.find(needsTexts);
  if (name === undefined) return;
  throw new LeaError('E_CONFIG', `${origin}, at lists.metrics: ${name} needs item texts.`, {
    value: name,
    hint: 'Give the data set item texts, or leave this metric out.',
  });
}

function needsTexts(name: string): boolean {
  return parseListMetric(name).measure === 'similarity';
}
