import { expect, test } from 'vitest';
import { annotationRounds } from './annotation.ts';
import { itemTokenRounds } from './item-tokens.ts';
import { loraRounds } from './lora.ts';
import { ACTIONS, type EnvSettings } from './settings.ts';
import { shapesWithin } from './shapes.ts';

const settings: EnvSettings = {
  what: 'lora',
  shape: '260K',
  batch: 2,
  length: 8,
  threads: 1,
  steps: 3,
  shared: true,
  spinning: false,
};

test('large shapes are measured unasked where memory allows', () => {
  expect(shapesWithin(7e9)).toEqual(['260K', '15M', '135M']);
  expect(shapesWithin(5e9)).toEqual(['260K', '15M']);
});

test.each([
  ['item tokens', itemTokenRounds],
  ['LoRA', loraRounds],
])('%s: losses fall from round to round', async (_, rounds) => {
  const measured = await rounds(settings);
  const first = await measured.round();
  const second = await measured.round();
  await measured.end();
  expect(first).toHaveLength(3);
  for (const [i, loss] of second.entries()) expect(loss).toBeLessThan(first[i]!);
});

test.each(['annotation', 'prompted annotation'] as const)(
  '%s: one pass for all actions gives what a pass for each does',
  async (what) => {
    const shared = await annotationRounds({ ...settings, what });
    const single = await annotationRounds({ ...settings, what, shared: false });
    const [rewards, others] = [await shared.round(), await single.round()];
    await Promise.all([shared.end(), single.end()]);
    expect(rewards).toHaveLength(2 * ACTIONS);
    expect(new Set(rewards).size).toBeGreaterThan(ACTIONS);
    for (const [i, reward] of rewards.entries()) expect(reward).toBeCloseTo(others[i]!, 5);
  },
);
