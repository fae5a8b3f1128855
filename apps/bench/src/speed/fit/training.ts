import { ce, sasrecModern } from '@lea/agents';
import { leaveOneOut } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { fit } from '@lea/train';
import type { Rounds } from '../settings.ts';
import type { FitSettings } from './settings.ts';

/** The process that measures decides when to end. */
const ENDLESS = 1e9;

/** A round trains until the next validation. Its "losses" are the validation NDCG@10 and the milliseconds of training alone. */
export async function trainingRounds({ path, window, batch, lr, seed, threads, ...o }: FitSettings): Promise<Rounds> {
  const { train, validation } = leaveOneOut(await readInteractions(path));
  const stop = new AbortController();
  const work = fit({
    agent: ce({ encoder: sasrecModern(o), lr }),
    train,
    validation,
    rewards: train.sequences.kinds.map(() => 1),
    window,
    batch,
    sampler: { type: 'sequences', buckets: true },
    patience: ENDLESS,
    seed,
    threads,
    spinning: true,
    signal: stop.signal,
  });
  const events = work[Symbol.asyncIterator]();
  return {
    async round() {
      const started = performance.now();
      for (let trained = started; ; ) {
        const next = await events.next();
        if (next.done) throw new Error('The training ended by itself.');
        if (next.value.type === 'step') trained = performance.now();
        if (next.value.type === 'validation') return [next.value.metrics['ndcg@10']!, trained - started];
      }
    },
    async end() {
      stop.abort();
      const { policy } = await work;
      await policy.dispose();
    },
  };
}
