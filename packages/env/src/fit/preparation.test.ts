import { defaultsOf, fold, key, permutation } from '@lea/core';
import { float32, interpret, keyTensorValue, specsOf, type Value, type Values } from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { initDecoder } from '../language-model/decoders/modules.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { initEnvironment } from '../model/init.ts';
import { trainingState } from '../shared/steps.ts';
import { rowsOf } from '../testing.ts';
import { type FitEnvironmentOptions, fitSchema } from './fit-options.ts';
import { prepareFit } from './preparation.ts';
import { subsetOfSequences } from './segments.ts';

const ITEMS = 6;
/** Item 0 is taken three times, 1 twice, 2 and 3 once, 4 and 5 by nobody. */
const train = rowsOf([[0, 1, 0], [1, 2, 0], [3]], ITEMS);
const tokens = float32(
  Array.from({ length: ITEMS * 3 }, (_, i) => Math.sin(i * i)),
  [ITEMS, 3],
);
const small = { width: 4, layers: 1, heads: 2, window: 4, dropout: 0, backend: 'cpu' };

/** All parts of a preparation side by side. */
async function prepare(more: Partial<FitEnvironmentOptions> = {}) {
  const { data, weights, step, ...fit } = await prepareFit({ ...defaultsOf(fitSchema), train, ...small, ...more });
  return { ...fit, ...data, ...weights, ...step };
}

/** One training step on the first batch, without compilation. */
async function step(fit: Awaited<ReturnType<typeof prepare>>, change: { state?: Values; inputs?: Values } = {}) {
  const { trained, optimizer, program, frozen, constants, batchesOf } = fit;
  const state = { ...trainingState(trained, optimizer), ...change.state };
  const inputs = { ...batchesOf(0)[0]!, ...change.inputs };
  const specs = { state: specsOf(state), inputs: specsOf(inputs), frozen: specsOf(frozen), constants };
  const runner = await interpret(program, specs, { mode: 'direct' });
  const result = await runner.run({ state, inputs, frozen });
  const { loss, sm, rm } = result.outputs as Record<string, Value>;
  return { state: result.state, loss: loss!.data[0]!, sm: sm!.data[0]!, rm: rm!.data[0]! };
}

/** The rows of an item table. */
function rows({ data, shape }: Value): number[][] {
  const width = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
}

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 5));

describe('what is counted', () => {
  test('popularity is that of the fitted rows; fewer is without the row of the target itself', async () => {
    const { counts, frozen } = await prepare();
    expect([...counts]).toEqual([3, 2, 1, 1, 0, 0]);
    expect([...frozen.popularity!.data]).toEqual(close([3.3, 2.3, 1.3, 1.3, 0.3, 0.3].map(Math.log)));
    expect([...frozen.fewer!.data]).toEqual(close([2.3, 1.3, 0.3, 0.3, 0.3, 0.3].map(Math.log)));
    expect([frozen.popularity!.shape, frozen.fewer!.shape]).toEqual([
      [ITEMS, 1],
      [ITEMS, 1],
    ]);
  });

  test('only the rows of the drawn users are', async () => {
    const { counts, segments } = await prepare({ userShare: 1 / 3 });
    const [drawn] = subsetOfSequences(train, 1 / 3, fold(key(0), 'environment'));
    expect([...counts]).toEqual(
      [
        [2, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
      ][drawn!],
    );
    expect(segments.map(({ sequence }) => sequence)).toEqual([drawn]);
  });

  test('without counting neither is there', async () => {
    const { frozen } = await prepare({ countFeatures: false });
    expect(frozen).not.toHaveProperty('popularity');
    expect(frozen).not.toHaveProperty('fewer');
  });
});

describe('items that no fitted user met', () => {
  test('begin without a free vector, the others with their own', async () => {
    const { trained, frozen, config } = await prepare();
    expect(frozen.known).toEqual(float32([1, 1, 1, 1, 0, 0], [ITEMS, 1]));
    const drawn = initEnvironment(fold(fold(key(0), 'environment'), 'heads'), config, 0)['item.id']!;
    const vectors = rows(trained['item.id']!);
    expect(vectors.slice(0, 4)).toEqual(rows(drawn).slice(0, 4));
    expect(vectors.flat().slice(0, 16)).not.toContain(0);
    expect(vectors.slice(4)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(vectors).toHaveLength(ITEMS);
  });

  test('learn none, whatever they are compared with; the first step of Adam moves the others by its rate', async () => {
    const fit = await prepare({ lr: 0.01, negatives: 8 });
    const first = fit.batchesOf(0)[0]!;
    expect([...first.negative!.data]).toEqual(expect.arrayContaining([4, 5]));
    const before = rows(fit.trained['item.id']!);
    const after = rows((await step(fit)).state['item.id']!);
    const moved = after.map((row, i) => row.map((value, d) => Math.abs(value - before[i]![d]!)));
    expect(moved.slice(4).flat()).toEqual(Array(8).fill(0));
    for (const size of moved.slice(0, 4).flat()) expect(size).toBeCloseTo(0.01, 4);
  });

  test('count as without one in the losses', async () => {
    const fit = await prepare();
    const table = fit.trained['item.id']!;
    const filled = (item: number) => ({
      'item.id': float32(
        Float32Array.from(table.data, (value, i) => (Math.floor(i / 4) === item ? 3 : value)),
        [ITEMS, 4],
      ),
    });
    const { sm, rm } = await step(fit);
    expect(await step(fit, { state: filled(5) })).toMatchObject({ sm, rm });
    expect((await step(fit, { state: filled(2) })).sm).not.toBeCloseTo(sm, 3);
  });

  test('there is no mask without free vectors', async () => {
    const fit = await prepare({ tokens, itemInput: 'text', textMemoryWidth: 0 });
    expect(fit.frozen).not.toHaveProperty('known');
    expect(fit.trained).not.toHaveProperty('item.id');
    const { state } = await step(fit);
    expect(state).not.toHaveProperty('item.id');
  });
});

describe('the step', () => {
  test.each([0, 0.25, 1, 3])('adds %d times the reward loss', async (rewardLossWeight) => {
    const fit = await prepare({ rewardLossWeight });
    const { loss, sm, rm } = await step(fit);
    expect(loss).toBeCloseTo(sm + rewardLossWeight * rm, 5);
    // -log sigmoid(0), where all rewards are 0.
    const blank = { 'reward.score.weight': float32(new Float32Array(8), [1, 8]) };
    expect((await step(fit, { state: blank })).rm).toBeCloseTo(Math.LN2, 6);
  });

  test('reads its key for dropout, and has none without it', async () => {
    const other = { inputs: { key: keyTensorValue(key(99)) } };
    for (const [dropout, same] of [
      [0, true],
      [0.5, false],
    ] as const) {
      const fit = await prepare({ dropout });
      expect((await step(fit, other)).loss === (await step(fit)).loss).toBe(same);
    }
  });
});

describe('items that a step hides', () => {
  const other = { inputs: { key: keyTensorValue(key(99)) } };

  test.each([
    ['free vectors and counts', { tokens }],
    ['counts alone', { tokens, itemInput: 'text' as const }],
    ['free vectors alone', { tokens, countFeatures: false, textMemoryWidth: 0 }],
    ['among drawn items', { tokens, loss: 'sampled-softmax' as const, sampledItems: 3 }],
  ])('are drawn by its key, none at 0: %s', async (_, choices) => {
    for (const [itemDropout, same] of [
      [0, true],
      [0.5, false],
    ] as const) {
      const fit = await prepare({ ...choices, itemDropout });
      expect((await step(fit, other)).sm === (await step(fit)).sm).toBe(same);
    }
  });

  test('are read as items that nobody chose', async () => {
    const fit = await prepare({ tokens, itemDropout: 0.99999 });
    const { sm, rm } = await step(fit);
    const unknown = await prepare({ tokens });
    const zeros = (name: string) => ({ ...unknown.frozen[name]!, data: new Float32Array(ITEMS) }) as Value;
    const never = float32(new Float32Array(ITEMS).fill(Math.log(0.3)), [ITEMS, 1]);
    const frozen = { ...unknown.frozen, known: zeros('known'), popularity: never, fewer: never };
    const nobody = await step({ ...unknown, frozen });
    expect(nobody.sm).toBeCloseTo(sm, 5);
    expect(nobody.rm).toBeCloseTo(rm, 5);
    expect((await step(unknown)).sm).not.toBeCloseTo(sm, 3);
  });

  test.each([
    ['itemDropout', { itemDropout: 0.5 }],
    ['candidateInput', { candidateInput: 'text' }],
    ['textMemoryWidth', { textMemoryWidth: 64 }],
  ] as const)('%s is refused without texts, unless it is the default or off', async (name, given) => {
    const refused = `without item tokens ${name} has no effect`;
    await expect(prepare(given)).rejects.toThrow(expect.objectContaining({ code: 'E_OPTION_VALUE', message: expect.stringContaining(refused) })); // biome-ignore format: one line
    await expect(prepare({ [name]: fitSchema[name].default })).resolves.toBeDefined();
    expect((await prepare({ textMemoryWidth: 0, itemDropout: 0 })).config.textMemoryWidth).toBe(0);
  });
});

describe('the batches of an epoch', () => {
  /** User u has taken item u alone: targets are users. */
  const single = rowsOf(
    Array.from({ length: 24 }, (_, u) => [u]),
    24,
  );
  const ordered = (batches: readonly Values[]): number[] =>
    batches.flatMap(({ target, weight }) => [...target!.data].filter((_, i) => weight!.data[i] === 1));

  test('hold every user once, in an order of their own', async () => {
    const { batchesOf, root } = await prepare({ train: single, batch: 30 });
    const orders = [0, 1, 2].map((epoch) => ordered(batchesOf(epoch)));
    const inOrder = Array.from({ length: 24 }, (_, u) => u);
    for (const [epoch, order] of orders.entries()) {
      expect(order.toSorted((a, b) => a - b)).toEqual(inOrder);
      expect(order).toEqual([...permutation(fold(root, `order ${epoch}`), 24)]);
    }
    expect(new Set([inOrder, ...orders].map(String)).size).toBe(4);
  });

  test('have keys for dropout that no other step has, and drawn items of their own', async () => {
    const contrast = { loss: 'sampled-softmax', sampledItems: 5 } as const;
    const { batchesOf, root } = await prepare({ train: single, batch: 10, ...contrast });
    const epochs = [0, 1].map((epoch) => batchesOf(epoch));
    expect(epochs.map((batches) => batches.length)).toEqual([3, 3]);
    const of = (name: string) => epochs.flat().map((batch) => String(batch[name]!.data));
    expect(new Set(of('key')).size).toBe(6);
    expect(new Set(of('contrast')).size).toBe(6);
    expect(epochs[1]![2]!.key).toEqual(keyTensorValue(fold(fold(root, 'dropout 1'), 2)));
    for (const { contrast } of epochs.flat()) {
      expect(contrast).toMatchObject({ dtype: 'int32', shape: [5] });
      for (const item of contrast!.data) expect(item >= 0 && item < 24).toBe(true);
    }
    const one = await prepare({ train: single, ...contrast, sampledItems: 1 });
    expect(one.batchesOf(0)[0]!.contrast!.shape).toEqual([1]);
    expect((await prepare({ train: single })).batchesOf(0)[0]).not.toHaveProperty('contrast');
  });

  // Two histories of 4 events and their start tokens to a row of 10 positions.
  test.each([
    [512, 24],
    [100, 10],
    [54, 5],
    [56, 6],
    [1, 1],
  ])('of about %d positions have %d rows of 10', async (batch, count) => {
    const { shape, batchesOf } = await prepare({ train: single, batch });
    expect(shape).toEqual({ rows: count, positions: 10, prefix: 1 });
    expect(batchesOf(0)[0]!.items!.shape).toEqual([count, 10]);
  });

  test('compare with items that anybody took, or with any', async () => {
    const drawn = async (negativeSamplingPower: number) => {
      const { batchesOf } = await prepare({ negativeSamplingPower, negatives: 3 });
      const batches = [0, 1, 2, 3, 4, 5].flatMap(batchesOf);
      expect(batches[0]!.negative!.shape).toEqual([3, 30]);
      // No user has met item 3 but the last.
      return new Set(batches.flatMap(({ negative }) => [...negative!.data]));
    };
    expect([...(await drawn(1))].toSorted()).toEqual([0, 1, 2, 3]);
    expect([...(await drawn(0))].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('what is learned', () => {
  test('every part is drawn from a key of its own', async () => {
    const { trained, config } = await prepare({ seed: 5 });
    const root = fold(key(5), 'environment');
    expect(trained).toMatchObject(initDecoder(fold(root, 'decoder'), config.decoder));
    expect(trained.start).toEqual(initEnvironment(fold(root, 'heads'), config, 0).start);
  });

  test('the decoder of a language model begins as it is', async () => {
    const { config } = await prepare();
    const decoder = initDecoder(key(77), config.decoder);
    const words = { 'model.embed_tokens.weight': float32(new Float32Array(8), [2, 4]) };
    const languageModel = { config: config.decoder, params: { ...decoder, ...words } } as unknown as LanguageModel;
    const { trained } = await prepare({ languageModel, itemInput: 'id' });
    expect(trained).toMatchObject(decoder);
    expect(Object.keys(trained)).not.toContain('model.embed_tokens.weight');
  });

  test('with adapters the decoder is not: its matrices are part of the program, the rest is fed', async () => {
    const [all, some] = [await prepare(), await prepare({ adaptation: { rank: 2 } })];
    const decoder = Object.keys(initDecoder(key(0), all.config.decoder));
    expect(Object.keys(all.trained)).toEqual(expect.arrayContaining(decoder));
    expect([all.fixed, all.constants]).toEqual([{}, {}]);
    expect(Object.keys(some.trained).filter((name) => decoder.includes(name))).toEqual([]);
    expect(Object.keys(some.trained).filter((name) => name.includes('lora'))).toHaveLength(4);
    expect(Object.keys(some.fixed)).toEqual(decoder);
    const isMatrix = (name: string) => some.fixed[name]!.shape.length === 2;
    expect(Object.keys(some.constants)).toEqual(decoder.filter(isMatrix));
    expect(Object.keys(some.frozen)).toEqual(expect.arrayContaining(decoder.filter((name) => !isMatrix(name))));
  });

  test('tokens are read unless items enter by their ids alone', async () => {
    const [text, id] = [await prepare({ tokens, textMemoryWidth: 2 }), await prepare({ itemInput: 'id' })];
    await expect(prepare({ tokens, itemInput: 'id' })).rejects.toThrow('with itemInput "id" the tokens have no effect');
    expect(text.tokens!.vectors.shape).toEqual([ITEMS, 3]);
    expect(text.frozen.tokens).toEqual(text.tokens!.vectors);
    expect(text.frozen.memory!.shape).toEqual([ITEMS, 2]);
    expect(text.trained['item.projection.weight']!.shape).toEqual([4, 3]);
    expect(id.tokens).toBeNull();
    expect(id.frozen).not.toHaveProperty('tokens');
    expect(id.frozen).not.toHaveProperty('memory');
  });
});
