import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key, normal } from '@lea/core';
import { historyWindows, itemCounts, windowsOf } from '@lea/data';
import { fidelity } from '@lea/eval';
import { float32, pick, prefixed } from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { createEnvironment, loadEnvironment } from '../inference/environment.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { follow, rowsOf, usersOf } from '../testing.ts';
import { fitEnvironment } from './fit-environment.ts';
import { ITEMS, small, tokens, walks } from './testing.ts';

describe('learning', () => {
  test('a predictable chain is learned, by states and by rewards', async () => {
    const all = rowsOf(walks(240, 0.9), ITEMS);
    const sets = { train: usersOf(all, (u) => u < 180), validation: usersOf(all, (u) => u >= 180 && u < 210) };
    const env = await fitEnvironment({ ...sets, ...small });
    const found = await fidelity(
      env,
      usersOf(all, (u) => u >= 210),
      { train: sets.train, k: 2 },
    );
    // 11 of 12 events can be foreseen, 90 % of them.
    expect(found.ndcg).toBeGreaterThan(0.75);
    expect(found.accuracyUniform).toBeGreaterThan(0.85);
    expect(found.accuracyPopular).toBeGreaterThan(0.85);
    await env.dispose();
  });

  test('in noise it finds nothing', async () => {
    const all = rowsOf(walks(120, 0), ITEMS);
    const env = await fitEnvironment({ train: usersOf(all, (u) => u < 90), ...small, epochs: 3 });
    const found = await fidelity(
      env,
      usersOf(all, (u) => u >= 90),
      { k: 2 },
    );
    // Chance: the mean of 1 / log2(rank + 2) over ranks below 10, halved.
    expect(found.ndcg).toBeLessThan(0.3);
    expect(Math.abs(found.accuracyUniform - 0.5)).toBeLessThan(0.1);
    await env.dispose();
  });
});

describe('choices of the losses', () => {
  const chain = rowsOf(walks(120, 0.9), ITEMS);
  const train = usersOf(chain, (u) => u < 90);
  const held = usersOf(chain, (u) => u >= 90);

  test.each([
    ['several negatives', { negatives: 3 }],
    ['popular negatives', { negativeSamplingPower: 1 }],
    ['drawn items instead of the whole softmax', { loss: 'sampled-softmax' as const, sampledItems: 8 }],
  ])('%s: the chain is learned as well', async (_, options) => {
    const env = await fitEnvironment({ train, ...small, epochs: 14, ...options });
    const found = await fidelity(env, held, { k: 2 });
    expect(found.ndcg).toBeGreaterThan(0.6);
    expect(found.accuracyUniform).toBeGreaterThan(0.8);
    await env.dispose();
  });

  test('threads that wait actively change no bit', async () => {
    const [asleep, awake] = await Promise.all(
      [false, true].map((spinning) => fitEnvironment({ train, ...small, epochs: 1, spinning })),
    );
    expect(awake!.hash).toBe(asleep!.hash);
    await Promise.all([asleep!.dispose(), awake!.dispose()]);
  });

  test('with several heads a reward is their mean, their deviation the uncertainty', async () => {
    const env = await fitEnvironment({ train, ...small, epochs: 2, rewardHeads: 3 });
    const windows = windowsOf([[3, 10], [5], []], 11, ITEMS);
    const actions = Int32Array.from({ length: 12 }, (_, i) => (i * 7) % ITEMS);
    // Each head by itself, as an environment of one.
    const each = await Promise.all(
      [0, 1, 2].map(async (h) => {
        const { config, counts } = env;
        const rest = Object.entries(env.params).filter(([name]) => !name.startsWith('reward.'));
        const params = { ...Object.fromEntries(rest), ...prefixed('reward.', pick(`reward.${h}.`, env.params)) };
        const parts = { name: 'one', params, counts, tokens: null, calibration: null, data: '' };
        const runtime = { threads: 1, backend: undefined };
        const one = createEnvironment({ ...parts, config: { ...config, rewardHeads: 1 }, runtime });
        const rewards = await one.rewards(windows, actions);
        await expect(one.uncertainty(windows, actions)).rejects.toThrow('rewardHeads');
        await one.dispose();
        return rewards;
      }),
    );
    const rewards = await env.rewards(windows, actions);
    const deviation = await env.uncertainty(windows, actions);
    const pessimistic = await env.rewards(windows, actions, { pessimism: 2 });
    expect(await env.rewardsEncoded(await env.encode(windows), actions, { pessimism: 2 })).toEqual(pessimistic);
    await expect(env.rewards(windows, actions, { pessimism: -1 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    rewards.forEach((reward, i) => {
      const mean = (each[0]![i]! + each[1]![i]! + each[2]![i]!) / 3;
      expect(reward).toBeCloseTo(mean, 5);
      expect(deviation[i]).toBeGreaterThan(0.001);
      expect(deviation[i]).toBeCloseTo(Math.sqrt(each.reduce((sum, r) => sum + (r[i]! - mean) ** 2, 0) / 3), 5);
      expect(pessimistic[i]).toBeCloseTo(reward - 2 * deviation[i]!, 5);
    });
    await env.dispose();
  });
});

describe('a fitted environment', () => {
  test('reads the newest events, batches as it likes, saves and comes back', async () => {
    const train = rowsOf(walks(30, 0.9), ITEMS);
    const steps: EnvironmentEvent[] = [];
    const env = await follow(
      fitEnvironment({ train, validation: train, ...small, window: 4, epochs: 2, tokens }),
      (p) => void steps.push(p),
    );
    expect(steps.at(-1)!.metrics).toHaveProperty('ndcg@10');

    const long = windowsOf([[9, 8, 1, 2, 3, 4], [5]], 6, ITEMS);
    const short = windowsOf([[1, 2, 3, 4], [5]], 4, ITEMS);
    expect(await env.score(long)).toEqual(await env.score(short));

    // 300 histories go through in several batches; each is scored as if alone.
    const rows = Int32Array.from({ length: 300 }, (_, i) => i);
    const windows = historyWindows(train, rows, 4);
    const scores = await env.score(windows);
    const last = await env.score(historyWindows(train, rows.subarray(299), 4));
    last.forEach((value, i) => void expect(value).toBeCloseTo(scores[299 * ITEMS + i]!, 5));

    // Each candidate is scored by itself: the others do not matter, nor does their number.
    const actions = Int32Array.from({ length: 300 * 3 }, (_, i) => (i * 7) % ITEMS);
    const many = await env.rewards(windows, actions);
    const second = await env.rewards(
      windows,
      Int32Array.from(rows, (r) => actions[r * 3 + 1]!),
    );
    second.forEach((value, r) => void expect(value).toBeCloseTo(many[r * 3 + 1]!, 5));

    // Of the rows it was calibrated on, half of the comparisons are with what users took.
    const likely = (reward: number) =>
      1 / (1 + Math.exp(-env.calibration!.slope * reward - env.calibration!.intercept));
    const logged = rows.map((row) => train.sequences.items[train.event[row]!]!);
    const chances = Array.from(await env.rewards(windows, logged), likely);
    expect(chances.reduce((a, b) => a + b) / 300).toBeGreaterThan(0.55);

    const best = await env.positives(short, 3, { exclude: [[1, 2], []] });
    expect([...best.items.subarray(0, 3)]).not.toContain(1);
    const own = await env.score(short);
    expect(best.logits[3]).toBe(Math.max(...own.subarray(ITEMS)));
    await expect(env.positives(short, 21)).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    await expect(env.rewards(short, Int32Array.of(1, 99))).rejects.toMatchObject({ code: 'E_ITEM_RANGE' });

    const dir = await mkdtemp(join(tmpdir(), 'lea-env-'));
    await env.save(dir);
    const again = await loadEnvironment(dir);
    expect(again.hash).toBe(env.hash);
    expect(again.calibration).toEqual(env.calibration);
    expect(again.counts).toEqual(env.counts);
    expect([...env.counts]).toEqual([...itemCounts(train)]);
    expect(await again.rewards(short, Int32Array.of(3, 4))).toEqual(await env.rewards(short, Int32Array.of(3, 4)));
    await expect(loadEnvironment(dir, { threads: 0 })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    await writeFile(join(dir, 'environment.json'), '{"config":{}}');
    await expect(loadEnvironment(dir)).rejects.toMatchObject({ code: 'E_ENVIRONMENT_FILE' });
    await rm(dir, { recursive: true });
    await again.dispose();
    await env.dispose();
  });

  test('text alone has no free vectors', async () => {
    const noise = float32(normal(key(3), ITEMS * 8), [ITEMS, 8]);
    const train = rowsOf(walks(30, 0.9), ITEMS);
    const env = await fitEnvironment({ train, ...small, epochs: 1, tokens: noise, itemInput: 'text' });
    expect(env.params).not.toHaveProperty('item.id');
    expect(env.config.itemInput).toBe('text');
    await env.dispose();
  });
});
