import { interpret, specsOf, type Value } from '@lea/tensor';
import { expect, test } from 'vitest';
import { catalogModel } from '../language-model/catalog-model.ts';
import { tokenRows } from '../language-model/language-model.ts';
import { itemTokenStep } from './item-token-step.ts';

test('the anchor weighs as much as the text has tokens', async () => {
  const texts = ['bolt', 'steel bolt, black', 'steel bolt, black, for glass tubes'];
  const size = {
    width: 8,
    layers: 1,
    heads: 2,
    kvHeads: 2,
    vocabSize: 270,
    context: 40,
    epochs: 1,
    validationShare: 0,
  };
  const languageModel = await catalogModel(texts, size);
  const rows = tokenRows(languageModel.tokenizer, texts, 40);
  const lengths = texts.map((_, row) => rows.weights.subarray(40 * row, 40 * (row + 1)).reduce((a, b) => a + b, 0));
  expect(new Set(lengths).size).toBe(3);

  /** Losses of vectors of which each column is 0.5 from the initial one. */
  const losses = async (anchorWeight: number): Promise<number[]> => {
    const { program, inputs, constants, begin } = itemTokenStep(languageModel, rows, 0.1, anchorWeight);
    const { state, frozen } = begin([0, 1, 2], new Float32Array(24));
    const vectors = { ...state.vectors!, data: new Float32Array(24).fill(0.5) } as Value;
    const moved = { ...state, vectors };
    const specs = { state: specsOf(moved), inputs, frozen: specsOf(frozen), constants };
    const step = { dtype: 'int32', shape: [], data: new Int32Array(1) } as const;
    const runner = await interpret(program, specs, { mode: 'direct' });
    return [...(await runner.run({ state: moved, inputs: { step }, frozen })).outputs.losses!.data];
  };
  const [without, anchored] = [await losses(0), await losses(3)];
  const words = Array.from(languageModel.params['model.embed_tokens.weight']!.data as Float32Array);
  const square = words.reduce((sum, x) => sum + x ** 2, 0) / words.length;
  for (const [item, length] of lengths.entries()) {
    const expected = (3 * length * 8 * 0.5 ** 2) / square;
    expect((anchored[item]! - without[item]!) / expected).toBeCloseTo(1, 3);
  }
});
