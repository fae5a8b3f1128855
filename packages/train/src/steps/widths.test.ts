import { caser, ce, gru4rec, nextitnet, sasrec, sasrecModern, snqn } from '@lea/agents';
import { key } from '@lea/core';
import { transitions } from '@lea/data';
import { expect, it } from 'vitest';
import { chain } from '../fixtures/chain.ts';
import type { TrainOptions } from '../options.ts';
import { planOf } from '../plan.ts';
import { initialRun } from '../progress.ts';
import { createBatches } from './batches.ts';
import { inputSpecs } from './feeds.ts';
import { preparePhase } from './prepare-phase.ts';
import { narrowed, widthFor } from './widths.ts';

it('the width of a batch is a power of two from 8 on, at most the window', () => {
  expect([0, 1, 8, 9, 16, 17, 30, 50].map((longest) => widthFor(longest, 50))).toEqual([8, 8, 8, 16, 16, 32, 32, 50]);
  expect(widthFor(3, 5)).toBe(5);
});

it('cutting keeps the beginning of each window, and what is no window', () => {
  const items = { dtype: 'int32', shape: [2, 2, 3], data: Int32Array.from({ length: 12 }, (_, i) => i) } as const;
  const length = { dtype: 'int32', shape: [2, 2], data: Int32Array.of(1, 2, 1, 2) } as const;
  const cut = narrowed(
    { items, length },
    { items: { dtype: 'int32', shape: [2, 2] }, length: { dtype: 'int32', shape: [2] } },
  );
  expect(cut.items).toEqual({ dtype: 'int32', shape: [2, 2, 2], data: Int32Array.of(0, 1, 3, 4, 6, 7, 9, 10) });
  expect(cut.length).toBe(length);
});

const size = { width: 4, dropout: 0 };
const modern = { ...size, layers: 1, heads: 1 };
const sequences = { sampler: { type: 'sequences', buckets: true } } as const;
const rows = { sampler: { type: 'permutation', buckets: true } } as const;

// Users of 24 events whose later ones, for most users, are left out: histories of 0 to 23 events.
const whole = chain(30, 1, 24, 30);
const data = transitions(whole.sequences, (event, user) => event % 24 < 3 + ((user * user) % 22));

it.each<[string, Partial<TrainOptions>]>([
  ['sasrec-modern at every position', { agent: ce({ encoder: sasrecModern(modern) }), ...sequences }],
  [
    'sampled softmax',
    {
      agent: ce({
        encoder: sasrec({ ...size, tied: true, everyPosition: true }),
        loss: 'sampled-softmax',
        sampledItems: 5,
      }),
      ...sequences,
    },
  ],
  ['snqn with two networks', { agent: snqn({ encoder: sasrec(size), negatives: 2 }), ...rows }],
  ['gru4rec', { agent: ce({ encoder: gru4rec({ width: 4 }) }), ...rows }],
  ['caser', { agent: ce({ encoder: caser({ ...size, heights: [2, 3] } as never) }), ...rows }],
  ['nextitnet', { agent: ce({ encoder: nextitnet({ width: 4, dropout: 0 } as never) }), ...rows }],
])('%s: steps on cut windows learn the same', async (_, given) => {
  const plan = planOf({
    agent: ce({ encoder: sasrec() }),
    train: data,
    validation: data,
    rewards: [0.2, 1],
    window: 20,
    batch: 6,
    threads: 1,
    ...given,
  });
  const chunk = createBatches(plan, key(0), inputSpecs(plan))(0, 12);
  expect(new Set(chunk.widths).size).toBeGreaterThan(2);
  const [cut, uncut] = await Promise.all(
    [chunk, { ...chunk, widths: chunk.widths.map(() => plan.window) }].map(async (steps) => {
      const start = initialRun(plan);
      const phase = await preparePhase(plan, start);
      const { run, means } = await phase.advance(start, steps);
      const { networks } = phase.settled(run);
      await phase.dispose();
      return { networks, means };
    }),
  );
  expect(cut!.means.loss).toBeCloseTo(uncut!.means.loss, 5);
  for (const [i, network] of cut!.networks.entries()) {
    for (const [name, { data }] of Object.entries(network)) {
      // Attention does not see the bias of the keys: its gradient is a rounding error, which Adam makes large.
      if (name.startsWith('params/') && !name.endsWith('.k.bias')) {
        const other = uncut!.networks[i]![name]!.data;
        for (const [at, value] of data.entries()) expect(value, name).toBeCloseTo(other[at]!, 4);
      }
    }
  }
});
