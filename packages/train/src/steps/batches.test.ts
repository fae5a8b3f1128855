import { ce, sasrec, snqn } from '@lea/agents';
import { key } from '@lea/core';
import { expect, it } from 'vitest';
import { chain } from '../fixtures/chain.ts';
import { planOf } from '../plan.ts';
import { createBatches } from './batches.ts';
import { inputSpecs } from './feeds.ts';

it("rows carry their targets' rewards, their state and that of the user's next row, zeros at the end", () => {
  const data = chain(3, 1, 4, 20);
  const k = 2;
  // What is of row r begins with r + 1.
  const columns = (size: number) =>
    Float32Array.from({ length: data.count * size }, (_, i) => Math.floor(i / size) + 1 + (i % size) / 10);
  const plan = planOf({
    agent: snqn({ encoder: sasrec({ width: 4 }), criticState: true }),
    train: data,
    validation: data,
    rewards: [0.2, 1],
    window: 3,
    batch: 6,
    signals: {
      k,
      targets: new Int32Array(data.count * k),
      targetWeights: columns(k),
      targetRewards: columns(k),
      environmentState: columns(3),
      stateSize: 3,
    },
  });
  expect(plan.shape.stateSize).toBe(3);
  const { inputs } = createBatches(plan, key(0), inputSpecs(plan))(0, 2);
  const row = (name: string, i: number, size: number) =>
    Array.from(inputs[name]!.data.subarray(i * size, (i + 1) * size), (x) => Math.round(x * 10) / 10);
  let ends = 0;
  for (let i = 0; i < 12; i++) {
    const [own, second] = row('targetRewards', i, k);
    expect(row('targetWeights', i, k)).toEqual([own, second]);
    const state = (of: number) => [of, of + 0.1, of + 0.2].map((x) => Math.round(x * 10) / 10);
    expect(row('environmentState', i, 3)).toEqual(state(own!));
    const last = own! % 4 === 0;
    expect(row('nextEnvironmentState', i, 3)).toEqual(last ? [0, 0, 0] : state(own! + 1));
    if (last) ends++;
  }
  expect(ends).toBe(3);
});

it('buckets hold histories of like length, as long as the window shows them', () => {
  // Users of 4 events: before them are 0, 1, 2, 3 events, of which a window of 2 shows 0, 1, 2, 2.
  const data = chain(3, 1, 4, 20);
  const plan = planOf({
    agent: ce({ encoder: sasrec({ width: 4 }) }),
    train: data,
    validation: data,
    rewards: [0.2, 1],
    window: 2,
    batch: 3,
    sampler: { type: 'permutation', buckets: true },
  });
  const { inputs } = createBatches(plan, key(0), inputSpecs(plan))(0, 4);
  const lengths = Array.from({ length: 4 }, (_, i) => [...inputs.length!.data.subarray(i * 3, i * 3 + 3)].join());
  // An empty history is read as one pad item.
  expect(lengths.sort()).toEqual(['1,1,1', '1,1,1', '2,2,2', '2,2,2']);
});
