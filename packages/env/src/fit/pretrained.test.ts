import { key, normal } from '@lea/core';
import { fidelity } from '@lea/eval';
import { float32, type Value } from '@lea/tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { catalogModel } from '../language-model/catalog-model.ts';
import { decoderSpecs, initDecoder } from '../language-model/decoders/modules.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { follow, rowsOf, usersOf } from '../testing.ts';
import { fitEnvironment } from './fit-environment.ts';
import type { FitEnvironmentOptions } from './fit-options.ts';
import { ITEMS, small, tokens, walks } from './testing.ts';

/** A learning rate that is 0 in single precision. */
const STILL = 1e-60;

const rows = rowsOf(walks(240, 0.9), ITEMS);
const train = usersOf(rows, (u) => u < 180);

/** A language model whose states have columns of very different scales, as those of pretrained models do. */
function uneven(languageModel: LanguageModel, size = 3): LanguageModel {
  const { params, config } = languageModel;
  const norm = params['model.norm.weight']!;
  const scales = normal(key(5), config.width).map((x) => size * Math.exp(1.5 * x));
  return { ...languageModel, params: { ...params, 'model.norm.weight': float32(scales, norm.shape) } };
}

let narrow: LanguageModel;
let wide: LanguageModel;
beforeAll(async () => {
  const texts = Array.from({ length: ITEMS }, (_, i) => `thing number ${i}`);
  narrow = uneven(
    await catalogModel(texts, { width: 32, layers: 1, heads: 1, vocabSize: 280, context: 24, epochs: 1 }),
  );
  const config = { ...narrow.config, width: 144, heads: 2, kvHeads: 2 };
  const words = narrow.params['model.embed_tokens.weight']!.shape[0]!;
  const embedded = float32(
    normal(key(2), words * 144).map((x) => 0.1 * x),
    [words, 144],
  );
  const own = initDecoder(key(3), config);
  const params: Record<string, Value> = { 'model.embed_tokens.weight': embedded };
  for (const name of Object.keys(decoderSpecs(config))) params[name] = own[name]!;
  wide = uneven({ ...narrow, config, params });
});

/** The metrics of the first epoch, and the note of the first steps. */
async function started(
  options: Partial<FitEnvironmentOptions>,
): Promise<Pick<EnvironmentEvent<'environment'>, 'metrics' | 'note'>> {
  const events: EnvironmentEvent<'environment'>[] = [];
  // In this world, likeness of tokens says nothing, and the memory of it starts with a weight.
  const still = { ...small, train, tokens, epochs: 1, lr: STILL, textMemoryWidth: 0 };
  await (await follow(fitEnvironment({ ...still, ...options }), (event) => events.push(event))).dispose();
  return { ...events.find(({ metrics }) => metrics), note: events[1]!.note };
}

describe('losses of a fit that begins from a pretrained decoder with uneven states', () => {
  test.each<[string, () => Partial<FitEnvironmentOptions>]>([
    ['LoRA', () => ({ languageModel: narrow, adaptation: { rank: 2 } })],
    ['LoRA with a prompt', () => ({ languageModel: narrow, adaptation: {}, prompt: 'Had {history}, likes {action}?' })],
    ['LoRA without tokens', () => ({ languageModel: narrow, adaptation: { rank: 2 }, itemInput: 'id', tokens: null })],
    ['LoRA of a wide decoder', () => ({ languageModel: wide, adaptation: { rank: 2 } })],
    ['all weights of a wide decoder', () => ({ languageModel: wide })],
  ])('are those of guessing: %s', async (_, options) => {
    const { metrics, note } = await started(options());
    expect(metrics!.sm).toBeLessThan(Math.log(ITEMS) + 0.5);
    expect(metrics!.sm).toBeGreaterThan(1);
    expect(Math.abs(metrics!.rm! - Math.log(2))).toBeLessThan(0.25);
    expect(note).toBeUndefined();
  });

  test('a loss that starts above guessing is noted', async () => {
    // All weights of a narrow decoder: item vectors are its own inputs and outputs, whatever their scale.
    const { metrics, note } = await started({ languageModel: uneven(narrow, 60) });
    expect(metrics!.sm).toBeGreaterThan(Math.log(ITEMS) + 0.5);
    expect(note).toMatch(/^The state loss starts at \d+\.\d, above 3\.0 of guessing among 20 items\. .*rank: 8/);
  });
});

test('events of a fit count batches of training and validation within an epoch, and end it with metrics', async () => {
  const some = usersOf(rows, (u) => u < 30);
  const validation = usersOf(rows, (u) => u >= 180 && u < 200);
  const fit = { ...small, train: some, validation, tokens, epochs: 2, patience: 2 };
  const told = async (options: Partial<FitEnvironmentOptions>) => {
    const events: EnvironmentEvent<'environment'>[] = [];
    await (await follow(fitEnvironment({ ...fit, ...options }), (event) => events.push(event))).dispose();
    return events.map(({ done, total, unit, metrics }) => [done, total, unit, metrics?.epoch]);
  };
  // 30 and 20 histories of 12 events, 8 per batch: 4 batches of training and 3 of validation.
  const epoch = (e: number, parts: number, ...done: number[]) => [
    ...done.map((part) => [e + part / parts, 2, 'epochs', undefined]),
    [e + 1, 2, 'epochs', e],
  ];
  const first = [0, 2, 'epochs', undefined];
  expect(await told({})).toEqual([first, ...[0, 1].flatMap((e) => epoch(e, 7, 4))]);
  // Steps around a pretrained decoder take long: 4 per call. With 4 histories per batch, 8 batches and 5.
  const pretrained = await told({ languageModel: wide, adaptation: { rank: 2 }, batch: 48 });
  expect(pretrained).toEqual([first, ...[0, 1].flatMap((e) => epoch(e, 13, 4, 8, 12))]);
});

test('a chain is learned around a pretrained decoder, by states and by rewards', async () => {
  const validation = usersOf(rows, (u) => u >= 180 && u < 210);
  const env = await fitEnvironment({
    ...small,
    train,
    validation,
    languageModel: wide,
    adaptation: { rank: 4 },
    tokens,
  });
  const found = await fidelity(
    env,
    usersOf(rows, (u) => u >= 210),
    { train, k: 2 },
  );
  await env.dispose();
  // 11 of 12 events can be foreseen, 90 % of them.
  expect(found.ndcg).toBeGreaterThan(0.6);
  expect(found.accuracyUniform).toBeGreaterThan(0.75);
});
