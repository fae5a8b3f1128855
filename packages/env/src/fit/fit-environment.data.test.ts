import { fold, key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32 } from '@lea/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { catalogModel } from '../language-model/catalog-model.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { follow, rowsOf, usersOf } from '../testing.ts';
import { fitEnvironment } from './fit-environment.ts';
import type { FitEnvironmentOptions } from './fit-options.ts';
import { subsetOfSequences } from './segments.ts';
import { ITEMS, small, tokens, walks } from './testing.ts';

/** A learning rate that is 0 in single precision. */
const STILL = 1e-60;

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
      ({ metrics }) => metrics && found.push(metrics['ndcg@10']! * Math.max(metrics.accuracy! - 0.5, 0)),
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
    ...[-1, 1, 1.5, Number.NaN].flatMap((dropout) => [{ dropout }, { itemDropout: dropout }]),
    ...[Number.NaN, Infinity, -Infinity, '1', null].map((unseenOffset) => ({ unseenOffset })),
    ...[0, -1, 1.5, 'two'].map((threads) => ({ threads })),
    { spinning: 'yes' },
  ])('%o is no option', async (wrong) => {
    const fitted = fitEnvironment({ train: rowsOf(walk, ITEMS), ...small, ...(wrong as object) });
    const [name] = Object.keys(wrong);
    const message = expect.stringContaining(name!);
    await expect(fitted).rejects.toMatchObject({ code: 'E_OPTION_VALUE', message });
  });
});
