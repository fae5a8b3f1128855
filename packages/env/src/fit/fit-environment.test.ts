import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fold, integers, key, normal, uniform } from '@lea/core';
import { historyWindows, itemCounts, windowsOf } from '@lea/data';
import { fidelity } from '@lea/eval';
import { float32, pick, prefixed } from '@lea/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEnvironment, loadEnvironment } from '../inference/environment.ts';
import { catalogModel } from '../language-model/catalog-model.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { follow, rowsOf, usersOf } from '../testing.ts';
import { fitEnvironment } from './fit-environment.ts';
import type { FitEnvironmentOptions } from './fit-options.ts';
import { subsetOfSequences } from './segments.ts';

const ITEMS = 20;

/** Users who go from item i to 3 i + 1 with the given probability, else anywhere. */
function walks(users: number, predictable: number): number[][] {
  return Array.from({ length: users }, (_, u) => {
    const k = fold(key(7), u);
    const [jump, chance] = [integers(k, 12, ITEMS), uniform(fold(k, 'chance'), 12)];
    const items = [jump[0]!];
    for (let t = 1; t < 12; t++) items.push(chance[t]! < predictable ? (3 * items[t - 1]! + 1) % ITEMS : jump[t]!);
    return items;
  });
}

/** A learning rate that is 0 in single precision. */
const STILL = 1e-60;

const small = { width: 16, layers: 1, heads: 2, window: 11, batch: 96, lr: 0.01, dropout: 0.1, epochs: 8 };

/** The item's number in base 2, as text vectors would tell items apart. */
const tokens = float32(
  Float32Array.from({ length: ITEMS * 5 }, (_, i) => (Math.floor(i / 5) >> (i % 5)) & 1),
  [ITEMS, 5],
);

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

describe('what is fitted, and on what', () => {
  const walk = walks(40, 0.9);
  const half = { ...small, userShare: 0.5, epochs: 1 };

  let languageModel: LanguageModel;
  beforeAll(async () => {
    const texts = Array.from({ length: ITEMS }, (_, i) => `thing number ${i}`);
    const size = { width: 8, layers: 1, heads: 1, vocabSize: 280, context: 24 };
    languageModel = await catalogModel(texts, { ...size, epochs: 1 });
  });

  test.each([
    ['as it is', () => ({})],
    [
      'with all choices of the losses',
      () => ({ negativeSamplingPower: 1, negatives: 2, loss: 'sampled-softmax', rewardHeads: 2 }),
    ],
    ['with a text memory', () => ({ textMemoryWidth: 4, candidateInput: 'text' })],
    ['with LoRA', () => ({ languageModel, adaptation: { rank: 2 } })],
    ['with a prompt', () => ({ languageModel, prompt: 'Had {history}: {action}?' })],
  ] as [string, () => Partial<FitEnvironmentOptions>][])(
    'no user but the drawn train users reaches a parameter, %s',
    async (_, choices) => {
      const isTrain = (u: number): boolean => u < 30;
      const fitted = async (users: number[][]) => {
        const env = await fitEnvironment({
          train: usersOf(rowsOf(users, ITEMS), isTrain),
          tokens,
          ...half,
          ...choices(),
        });
        const { hash, params, counts } = env;
        await env.dispose();
        return { hash, params, counts };
      };
      const drawn = subsetOfSequences(usersOf(rowsOf(walk, ITEMS), isTrain), 0.5, fold(key(0), 'environment'));
      expect(drawn.size).toBe(15);
      const before = await fitted(walk);
      // Other items, other lengths: of the train users that were not drawn, and of all users of the other sets.
      const scrambled = (items: number[], u: number) => items.slice(0, 3 + (u % 7)).map((item) => (item + 11) % ITEMS);
      const after = await fitted(walk.map((items, u) => (drawn.has(u) ? items : scrambled(items, u))));
      expect(after).toEqual(before);
      // And each of the others does reach the parameters.
      const [one] = drawn;
      const other = await fitted(walk.map((items, u) => (u === one ? scrambled(items, u) : items)));
      expect(other.params['item.id']!.data).not.toEqual(before.params['item.id']!.data);
    },
  );

  test('validation users decide when to stop, and nothing else', async () => {
    const all = rowsOf(walks(40, 0.3), ITEMS);
    const train = usersOf(all, (u) => u < 20);
    const options = { ...small, tokens, lr: 0.03, patience: 1 };
    const found: number[] = [];
    const stopped = await follow(
      fitEnvironment({ train, validation: usersOf(all, (u) => u >= 20), ...options, epochs: 12 }),
      ({ metrics }) => void found.push(metrics!['ndcg@10']! * Math.max(metrics!.accuracy! - 0.5, 0)),
    );
    const epochs = found.indexOf(Math.max(...found)) + 1;
    expect(found.length).toBe(epochs + 1);
    expect(found.length).toBeLessThan(12);
    const alone = await fitEnvironment({ train, ...options, epochs });
    expect(alone.params).toEqual(stopped.params);
    for (const env of [stopped, alone]) await env.dispose();
  });

  test('LoRA moves nothing but the adapters, the item vectors and the score head', async () => {
    const train = rowsOf(walk, ITEMS);
    const before = await fitEnvironment({ train, ...small, epochs: 1, lr: STILL, tokens });
    const adaptation = { rank: 2, alpha: 4 };
    const untouched = await fitEnvironment({ train, ...small, epochs: 1, lr: STILL, tokens, adaptation });
    const after = await fitEnvironment({ train, ...small, epochs: 1, tokens, adaptation });
    const moved = Object.keys(after.params).filter((name) => {
      const [a, b] = [after.params[name]!.data, untouched.params[name]!.data];
      return a.some((value, i) => value !== b[i]);
    });
    expect(moved.filter((name) => name.startsWith('model.'))).toEqual([
      'model.layers.0.self_attn.q_proj.lora_A.weight',
      'model.layers.0.self_attn.q_proj.lora_B.weight',
      'model.layers.0.self_attn.v_proj.lora_A.weight',
      'model.layers.0.self_attn.v_proj.lora_B.weight',
    ]);
    expect(moved).toEqual(
      expect.arrayContaining(['item.id', 'item.projection.weight', 'reward.score.weight', 'start']),
    );
    // Fresh adapters change nothing.
    const windows = windowsOf([[1, 2, 3], []], 11, ITEMS);
    expect(await untouched.score(windows)).toEqual(await before.score(windows));
    for (const env of [before, untouched, after]) await env.dispose();
  });

  test('compiled and eager runs agree', async () => {
    const options = { train: rowsOf(walk.slice(0, 6), ITEMS), ...small, epochs: 1, width: 8, lr: 0.001, tokens };
    const [compiled, eager] = [await fitEnvironment(options), await fitEnvironment({ ...options, backend: 'cpu' })];
    const windows = windowsOf([[3, 10, 11], [5], []], 11, ITEMS);
    const [a, b] = [
      await compiled.rewards(windows, Int32Array.of(1, 2, 3)),
      await eager.rewards(windows, Int32Array.of(1, 2, 3)),
    ];
    a.forEach((value, i) => void expect(value).toBeCloseTo(b[i]!, 4));
    const [c, d] = [await compiled.score(windows), await eager.score(windows)];
    c.forEach((value, i) => void expect(value).toBeCloseTo(d[i]!, 4));
    await compiled.dispose();
  });

  test('wrong options are named', async () => {
    const train = rowsOf(walk, ITEMS);
    const fit = (more: object) => fitEnvironment({ train, ...small, ...more });
    await expect(fit({ itemInput: 'text' })).rejects.toThrow('needs item tokens');
    await expect(fit({ tokens: float32([1, 2], [1, 2]) })).rejects.toMatchObject({ code: 'E_TOKENS_SHAPE' });
    await expect(fit({ adaptation: { targets: ['x'] } })).rejects.toThrow('q, k, v');
    await expect(fit({ loss: 'smapled-softmax' })).rejects.toThrow('"sampled-softmax"');
    await expect(fit({ tokens, itemInput: 'Text' })).rejects.toThrow('"text"');
    await expect(fit({ adaptation: 'lora' })).rejects.toThrow('{ rank, alpha, targets }');
    await expect(fit({ adaptation: null })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    const broken = float32(tokens.data.map((value, i) => (i === 7 ? Number.NaN : value)) as Float32Array, [ITEMS, 5]);
    await expect(fit({ tokens: broken })).rejects.toThrow('index 7');
    await expect(fit({ adaptation: { rnak: 2 } })).rejects.toThrow('"rank"');
    await expect(fit({ train: usersOf(train, () => false) })).rejects.toMatchObject({ code: 'E_DATA_EMPTY' });
    await expect(fit({ signal: AbortSignal.abort() })).rejects.toThrow('abort');
  });

  test.each([
    ...[0, -8, 2.5, Number.NaN, 1e9].map((window) => ({ window })),
    ...[0, -1, 1.5, Number.NaN].flatMap((n) => [{ epochs: n }, { batch: n }, { negatives: n }, { rewardHeads: n }]),
    ...[-1, Number.NaN].flatMap((n) => [{ patience: n }, { textMemoryWidth: n }, { rewardLossWeight: n }]),
    ...[0, -0.1, Number.NaN].flatMap((n) => [{ lr: n }, { userShare: n }]),
    ...[-1, 1, 1.5, Number.NaN].map((dropout) => ({ dropout })),
    ...[0, -1, 1.5, 'two'].map((threads) => ({ threads })),
    { spinning: 'yes' },
  ])('%o is no option', async (wrong) => {
    const fitted = fitEnvironment({ train: rowsOf(walk, ITEMS), ...small, ...(wrong as object) });
    const [name] = Object.keys(wrong);
    const message = expect.stringContaining(name!);
    await expect(fitted).rejects.toMatchObject({ code: 'E_OPTION_VALUE', message });
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
