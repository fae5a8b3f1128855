/** Helpers of the tests of training: agents of every kind, and runs of a few steps on a chain of items. */

import { type Agent, ce, type Encoder, sa2c, sasrec, snqn, sqn } from '@lea/agents';
import type { Transitions } from '@lea/data';
import type { TrainEvent, TrainResult } from './events.ts';
import { chain } from './fixtures/chain.ts';
import type { TrainOptions } from './options.ts';
import { fit } from './train.ts';

export const data: Transitions = chain(60, 1);
export const validation: Transitions = chain(20, 2);
export const encoder: Encoder = sasrec({ width: 8, dropout: 0.1 });
const sampled = { loss: 'sampled-softmax', sampledItems: 6, samplingPower: 1 } as const;
export const agents: Record<string, Agent> = {
  'one network': ce({ encoder }),
  'coin flip': snqn({ encoder, negatives: 3 }),
  'Polyak target': sqn({ encoder, target: 'polyak', tau: 0.05 }),
  'periodic copy': sqn({ encoder, target: 'copy', copyEvery: 3 }),
  'sampled items, coin flip': snqn({ encoder, negatives: 3, ...sampled }),
  'sampled items, Polyak target, two phases': sa2c({
    encoder: sasrec({ width: 8, tied: true }),
    negatives: 3,
    target: 'polyak',
    tau: 0.05,
    ...sampled,
  }),
  'two phases': sa2c({ encoder, negatives: 3 }),
  'two phases, fixed warm-up': sa2c({ encoder, negatives: 3, warmup: 11 }),
};

export const small = (given: Partial<TrainOptions> = {}): TrainOptions => ({
  agent: agents['one network']!,
  train: data,
  validation,
  rewards: [0.2, 1],
  window: 5,
  batch: 32,
  evaluateEvery: 7,
  maxSteps: 18,
  patience: 10,
  chunk: 4,
  threads: 1,
  ...given,
});

export async function all(options: TrainOptions): Promise<{ events: TrainEvent[]; result: TrainResult }> {
  const work = fit(options);
  const events: TrainEvent[] = [];
  for await (const event of work) events.push(event);
  const result = await work;
  await result.policy.dispose();
  return { events, result };
}

/** Takes some events, then forgets the work without a word, as a killed process does. */
export async function crashAfter(count: number, options: TrainOptions): Promise<TrainEvent[]> {
  const work = fit(options)[Symbol.asyncIterator]();
  const events: TrainEvent[] = [];
  for (let i = 0; i < count; i++) {
    const { done, value } = await work.next();
    if (done) break;
    events.push(value);
  }
  return events;
}

export const ofType = <T extends TrainEvent['type']>(
  events: TrainEvent[],
  type: T,
): Extract<TrainEvent, { type: T }>[] =>
  events.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);
