import type { Evaluation } from '../evaluate.ts';
import { averages, defineMeasure } from '../metrics.ts';

// The rank itself, with which a run has any value.
defineMeasure('rank', (rank) => rank, { override: true });

/** An evaluation of events with these ranks, of one user unless `user` tells. */
export function evaluationOf(ranks: readonly number[], user?: readonly number[]): Evaluation {
  const own = Float64Array.from(ranks);
  const events = own.length;
  const kind = new Uint8Array(events);
  return {
    name: 'run',
    // Float64, so that a rank may be any number.
    ranks: own as unknown as Int32Array,
    target: new Int32Array(events),
    user: user ? Int32Array.from(user) : new Int32Array(events),
    kind,
    kinds: ['click'],
    metrics: averages(own, kind, ['click'], [10]),
    events,
    protocol: {
      ranking: 'full catalog',
      items: 100,
      exclude: 'none',
      window: 10,
      events,
      users: new Set(user ?? [0]).size,
    },
  };
}
