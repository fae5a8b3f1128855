import type { Experiment } from '../config/schema.ts';
import type { RunRecord } from '../experiment/record.ts';

/** Stands before the names of metrics of lists, whose measures may have the names of others. */
const LISTS = 'lists/';

/** The names of all metrics in the tables of an experiment: the usual ones, and those that the config adds. */
export function shownMetrics(usual: readonly string[], { metrics = [], lists }: Experiment): string[] {
  return [...usual, ...metrics, ...(lists?.metrics ?? []).map((name) => `${LISTS}${name}`)];
}

/** Whether it is a metric of lists. */
export function isOfLists(name: string): boolean {
  return name.startsWith(LISTS);
}

/** A metric of a record; NaN where it has none. */
export function metricOf({ metrics, lists }: RunRecord, name: string): number {
  return (isOfLists(name) ? lists?.metrics[name.slice(LISTS.length)] : metrics[name]) ?? Number.NaN;
}
