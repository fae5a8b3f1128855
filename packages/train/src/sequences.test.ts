import { ce, countingMemory, gru4rec, proxy, sasrec, snqn } from '@lea/agents';
import { key } from '@lea/core';
import { expect, it } from 'vitest';
import type { TrainOptions } from './options.ts';
import { planOf } from './plan.ts';
import { createBatches } from './steps/batches.ts';
import { inputSpecs } from './steps/feeds.ts';
import { all, data, encoder, ofType, small } from './testing.ts';

const everyPosition = sasrec({ width: 16, dropout: 0, everyPosition: true });
const sequences = (given: Partial<TrainOptions> = {}) =>
  small({ agent: ce({ encoder: everyPosition, lr: 0.01 }), sampler: { type: 'sequences' }, ...given });

it('learns the chain from one window per user', async () => {
  const { events, result } = await all(sequences({ window: 7, batch: 20, maxSteps: 160, evaluateEvery: 40 }));
  // 60 users have one window each, and 8 of their first events come in turn.
  expect(ofType(events, 'start')[0]).toMatchObject({ rows: data.count, stepsPerEpoch: 68 / 20 });
  // The first events are random, and one of ten later ones: 7/8 x 9/10 can be known.
  expect(result.best!.value).toBeGreaterThan(0.7);
});

it('learns the chain with GRU4Rec as its authors have it: items drawn by popularity, log-Q correction, tied weights', async () => {
  const agent = ce({
    encoder: gru4rec({ width: 16, tied: 'bias', everyPosition: true }),
    lr: 0.01,
    loss: 'sampled-softmax',
    sampledItems: 6,
    samplingPower: 0.5,
  });
  const { result } = await all(sequences({ agent, window: 7, batch: 20, maxSteps: 240, evaluateEvery: 40 }));
  expect(result.best!.value).toBeGreaterThan(0.7);
});

it('all events weigh alike: the mean loss of an epoch is that of its events', async () => {
  // Users of 8 events in windows of 5: a row of 5 events, and one of 2 before them.
  const plan = planOf(sequences({ window: 5, batch: 16 }));
  const { inputs } = createBatches(plan, key(0), inputSpecs(plan))(0, plan.stepsPerEpoch);
  const [weight, length] = [[...inputs.rowWeight!.data], [...inputs.length!.data]];
  const events = length.reduce((sum, n) => sum + n, 0);
  expect(new Set(length)).toEqual(new Set([1, 2, 5]));
  for (const [row, own] of weight.entries()) expect(own).toBeCloseTo((length[row]! * length.length) / events, 5);
  expect(weight.reduce((sum, own) => sum + own, 0) / length.length).toBeCloseTo(1, 5);
});

it('validates every half epoch by default', () => {
  // An epoch has 60 windows, and 8 of the first events.
  expect(planOf(sequences({ window: 7, batch: 1, evaluateEvery: undefined })).stepsPerEpoch).toBe(68);
  expect(planOf(sequences({ window: 2, batch: 1, evaluateEvery: undefined }))).toMatchObject({ evaluateEvery: 124 });
});

it('a batch has the rows of an epoch at most', () => {
  expect(planOf(sequences({ window: 7, batch: 256 }))).toMatchObject({ batch: 68, stepsPerEpoch: 1 });
});

it.each([
  ['an agent with a critic', { agent: snqn({ encoder: everyPosition }) }, /needs ce.*everyPosition.*permutation/],
  [
    'an agent that does not weigh rows',
    { agent: proxy({ encoder: everyPosition }) },
    /needs ce.*everyPosition.*permutation/,
  ],
  ['a loss at the last position', { agent: ce({ encoder }) }, /needs ce.*everyPosition.*permutation/],
  [
    'signals of all rows',
    { signals: { targets: new Int32Array(data.count), targetWeights: new Float32Array(data.count), k: 1 } },
    /signals of all rows/,
  ],
])('refuses %s', (_, given, message) => {
  expect(() => planOf(sequences(given as never))).toThrow(message);
});

it('refuses a memory that joins the training, and takes one that is fused after it', async () => {
  const memory = await countingMemory(data);
  expect(() => planOf(sequences({ memory, fusion: 'joint' }))).toThrow(/a memory cannot join/);
  expect(planOf(sequences({ memory })).fusion).toBe('after');
});
