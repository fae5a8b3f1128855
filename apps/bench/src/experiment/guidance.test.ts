import { task } from '@lea/core';
import { annotate } from '@lea/env';
import { leaSignals } from '@lea/train';
import { expect, test, vi } from 'vitest';
import type { Context } from './context.ts';
import { createGuide } from './guidance.ts';
import type { EnvironmentJob, RunJob } from './plan.ts';

vi.mock('@lea/env', () => ({ annotate: vi.fn(() => task(async function* () {})) }));
vi.mock('@lea/train', async (original) => ({
  ...(await original<typeof import('@lea/train')>()),
  leaSignals: vi.fn(() => 'signals'),
  mixSignals: vi.fn((all) => all.join(' and ')),
}));
vi.mock('./environment.ts', () => ({
  loadRecord: async () => undefined,
  prepareEnvironment: async () => ({ environment: { dispose: async () => {} }, record: { hash: 'h', seconds: 1 } }),
}));

test('what a run says of its environment reaches it; runs that say the same ask once', async () => {
  const rule = { rankBy: 'reward', shortlist: 40, popularityCorrection: 1, excludeSeen: true, pessimism: 2 } as const;
  const signals = {
    environment: 'e',
    use: { state: true, reward: true },
    stateForm: 'vectors',
    positivesWeight: 2,
    k: 3,
    temperature: 0.5,
    rewardForm: 'raw',
    rewardMix: 0.5,
  } as const;
  const runs = [{}, { positivesWeight: 2 }, { ...rule, ...signals }].map((own, i) => ({ name: `${i}`, ...own }));
  const context = {
    experiment: { runs, window: 5 },
    split: { train: 'rows' },
    progress: { begin() {}, end() {} },
    rewards: [1],
  } as unknown as Context;
  const guide = createGuide(context);
  const environment = { id: 'e', name: 'e', folder: 'f', config: {} } as EnvironmentJob;
  for (const config of runs)
    await guide.guidance({ config, seed: 7, environments: [environment] } as unknown as RunJob);
  const both = { config: runs[0], seed: 7, environments: [environment, { ...environment, name: 'f' }] };
  expect(await guide.guidance(both as unknown as RunJob)).toMatchObject({
    signals: 'signals and signals',
    record: { name: 'e + f', seconds: 2 },
  });
  const asked = vi.mocked(annotate).mock.calls.map(([, , options]) => options);
  expect(asked).toMatchObject([
    { k: 20, window: 5, dir: 'f' },
    { ...rule, k: 20, window: 5 },
  ]);
  expect(asked.map((options) => options?.states)).toEqual([false, true]);
  const taught = vi.mocked(leaSignals).mock.calls.map(([, , options]) => options);
  const { environment: _, ...options } = signals;
  expect(taught[2]).toMatchObject({ ...options, rewards: [1], seed: 7 });
});
