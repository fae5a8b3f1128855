import { averages, type Evaluation } from '@lea/eval';
import type { FinishedRun } from '../experiment/record.ts';

/** A run whose test events, four per user, all have one rank, but those of the first users. */
export function finishedRun(
  name: string,
  kind: 'baseline' | 'run',
  rank: number,
  exceptions: readonly number[] = [],
  given: Partial<FinishedRun['record']> = {},
): FinishedRun {
  const events = 80;
  const ranks = Int32Array.from({ length: events }, (_, i) => exceptions[i] ?? rank);
  const user = Int32Array.from(ranks, (_, i) => Math.floor(i / 4));
  const kinds = ['click'];
  const evaluation: Evaluation = {
    name,
    ranks,
    target: new Int32Array(events),
    user,
    kind: new Uint8Array(events),
    kinds,
    metrics: averages(ranks, new Uint8Array(events), kinds, [10]),
    events,
    protocol: { ranking: 'full catalog', items: 99, exclude: 'none', window: 10, events, users: 20 },
  };
  const record = { name, kind, seed: 0, seconds: 1, metrics: evaluation.metrics, ...given } as FinishedRun['record'];
  return { record, evaluation, fresh: true };
}
