import { ce, sasrecModern } from '@lea/agents';
import type { Rounds } from '../settings.ts';
import { trainingSteps } from '../training-steps.ts';
import { readSplit } from './reading.ts';
import type { ReadSettings } from './settings.ts';

/** Reads the log, splits it and prepares training with a sampled softmax. A round is `steps` steps. */
export async function logTrainingRounds(settings: ReadSettings, steps: number): Promise<Rounds> {
  const { train } = await readSplit(settings);
  return trainingSteps({
    agent: ce({ encoder: sasrecModern({ width: 64, layers: 1 }), loss: 'sampled-softmax' }),
    train,
    rewards: [1],
    window: 10,
    batch: 256,
    threads: settings.threads,
    chunk: steps,
  });
}
