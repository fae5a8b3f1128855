import { ce, sasrecModern } from '@lea/agents';
import type { Transitions } from '@lea/data';
import { fit } from '@lea/train';
import type { Rounds } from '../settings.ts';
import { readSplit } from './reading.ts';
import type { ReadSettings } from './settings.ts';

/**
 * Reads the log, splits it and prepares training with a sampled softmax. A round is `steps` steps, and its "losses" are the loss
 * of the last one.
 */
export async function logTrainingRounds(settings: ReadSettings, steps: number): Promise<Rounds> {
  const { train, validation } = await readSplit(settings);
  const work = fit({
    agent: ce({ encoder: sasrecModern({ width: 64, layers: 1 }), loss: 'sampled-softmax' }),
    train,
    validation: firstRow(validation),
    rewards: [1],
    window: 10,
    batch: 256,
    evaluateEvery: Number.MAX_SAFE_INTEGER,
    threads: settings.threads,
    chunk: steps,
  });
  const events = work[Symbol.asyncIterator]();
  return {
    async round() {
      for (;;) {
        const { value, done } = await events.next();
        if (done) throw new Error('The training ended by itself.');
        if (value.type === 'step') return [value.loss];
      }
    },
    end: async () => {
      await events.return?.();
    },
  };
}

/** Nothing is validated here, but `fit` needs a row. */
function firstRow(rows: Transitions): Transitions {
  return { ...rows, count: 1, event: rows.event.slice(0, 1), sequence: rows.sequence.slice(0, 1) };
}
