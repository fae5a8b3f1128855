import { fit, type TrainOptions } from '@lea/train';
import type { Rounds } from './settings.ts';

/**
 * Training with `fit`, which includes sampling, collecting rows and writing them back, for measurements. A round is `chunk` steps
 * and returns their mean loss. Nothing is validated.
 */
export function trainingSteps(options: Omit<TrainOptions, 'validation'>): Rounds {
  const { train } = options;
  const work = fit({
    ...options,
    // Nothing is validated, but `fit` needs a row.
    validation: { ...train, count: 1, event: train.event.slice(0, 1), sequence: train.sequence.slice(0, 1) },
    evaluateEvery: Number.MAX_SAFE_INTEGER,
  });
  const events = work[Symbol.asyncIterator]();
  return {
    async round() {
      for (;;) {
        const { value, done } = await events.next();
        if (done) return [];
        if (value.type === 'step') return [value.loss];
      }
    },
    end: async () => {
      await events.return?.();
    },
  };
}
