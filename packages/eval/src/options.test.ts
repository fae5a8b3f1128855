import { interactionsOf, sequences, transitions, windowsOf } from '@lea/data';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { coOccurrence } from './baselines/co-occurrence.ts';
import { ease } from './baselines/ease.ts';
import { itemKnn } from './baselines/item-knn.ts';
import { lastItemMarkov } from './baselines/last-item-markov.ts';
import { popularity } from './baselines/popularity.ts';
import { repeatHistory } from './baselines/repeat-history.ts';
import { sequentialRules } from './baselines/sequential-rules.ts';
import { sknn } from './baselines/sknn.ts';
import { stan } from './baselines/stan.ts';
import { textSimilarity } from './baselines/text-similarity.ts';
import { vsknn } from './baselines/vsknn.ts';
import { evaluate } from './evaluate.ts';
import { recommend } from './lists/recommend.ts';
import { averages } from './metrics.ts';
import { textNearness } from './nearness.ts';
import { clusteredMean } from './significance/compare.ts';
import { bootstrapTest } from './significance/resampling.ts';
import { tfidfVectors } from './tfidf.ts';

const log = interactionsOf({ user: ['u', 'u', 'u', 'v', 'v'], item: ['a', 'b', 'a', 'b', 'c'] });
const train = transitions(sequences(log));
const text = { shape: [3, 2], data: Float32Array.of(1, 0, 0, 1, 1, 1) };

const baselines = {
  popularity: () => popularity(train),
  lastItemMarkov: () => lastItemMarkov(train),
  repeatHistory: (options?: object) => repeatHistory(train, options),
  textSimilarity: (options?: object) => textSimilarity(train, text, options),
  coOccurrence: (options?: object) => coOccurrence(train, { text, ...options }),
  itemKnn: (options?: object) => itemKnn(train, options),
  sequentialRules: (options?: object) => sequentialRules(train, options),
  sknn: (options?: object) => sknn(train, options),
  vsknn: (options?: object) => vsknn(train, options),
  stan: (options?: object) => stan(train, options),
  ease: (options?: object) => ease(train, { ...options }),
};

/** What no numeric option takes. */
const noNumber = fc.constantFrom(Number.NaN, -Infinity, '1', null, true, 1n, [], {});
const refused = expect.objectContaining({
  name: 'LeaError',
  code: expect.toBeOneOf(['E_OPTION_VALUE', 'E_CONFIDENCE']),
});

const sessions = ['window', 'neighbors', 'sample', 'repeat'];
const numeric: Partial<Record<keyof typeof baselines, string[]>> = {
  repeatHistory: ['window'],
  textSimilarity: ['window', 'decay'],
  coOccurrence: ['window', 'decay', 'horizon', 'smoothing', 'popularity', 'repeat', 'textWeight', 'textPower'],
  itemKnn: ['window', 'decay', 'countPower', 'neighbors', 'repeat'],
  sequentialRules: ['steps', 'distancePower', 'neighbors'],
  sknn: sessions,
  vsknn: [...sessions, 'positionPower', 'idf'],
  stan: [...sessions, 'positionScale', 'ageScale', 'distanceScale', 'backward'],
  ease: ['window', 'decay', 'repeat', 'regularization'],
};
/** "All of them", or "never fades". */
const mayBeInfinite = ['neighbors', 'sample', 'positionScale', 'ageScale', 'distanceScale'];
const options = Object.entries(numeric).flatMap(([name, all]) => all.map((option) => [name, option] as const));

it('baselines refuse what is no number in every numeric option', () => {
  fc.assert(
    fc.property(noNumber, fc.constantFrom(...options), (bad, [name, option]) => {
      const make = baselines[name as keyof typeof baselines] as (options: object) => unknown;
      expect(() => make({ [option]: bad })).toThrow(refused);
    }),
    { numRuns: 300 },
  );
  for (const [name, option] of options.filter(([, o]) => !mayBeInfinite.includes(o))) {
    const make = baselines[name as keyof typeof baselines] as (options: object) => unknown;
    expect(() => make({ [option]: Infinity })).toThrow(refused);
  }
  for (const neighbors of [0.5, 1.5, 0]) expect(() => sknn(train, { neighbors })).toThrow(refused);
});

it('what else takes numbers refuses what is none', async () => {
  const numbers = fc.oneof(noNumber, fc.constant(Infinity));
  await fc.assert(
    fc.asyncProperty(numbers, async (bad) => {
      const no = bad as number;
      expect(() => textNearness(text, no)).toThrow(refused);
      expect(() => tfidfVectors([], { seed: no })).toThrow(refused);
      expect(() => tfidfVectors([], { dimensions: no })).toThrow(refused);
      expect(() => averages([1], [0], ['click'], [no])).toThrow(refused);
      expect(() => clusteredMean(Float64Array.of(1, 2), Int32Array.of(0, 1), no)).toThrow(refused);
      for (const options of [{ resamples: no }, { seed: no }, { confidence: no }]) {
        expect(() => bootstrapTest(Float64Array.of(1, 2), Int32Array.of(0, 1), options)).toThrow(refused);
      }
      await expect(recommend(baselines.popularity(), train, { k: no })).rejects.toEqual(refused);
      await expect(evaluate(baselines.popularity(), train, { batch: no })).rejects.toEqual(refused);
      await expect(evaluate(baselines.popularity(), train, { ks: [no] })).rejects.toEqual(refused);
      if (Array.isArray(bad)) return;
      await expect(evaluate(baselines.popularity(), train, { ks: no as never })).rejects.toEqual(refused);
    }),
  );
});

it('baselines refuse windows of what are no items', () => {
  const sound = windowsOf([[0, 1]], 2, 3);
  for (const [name, make] of Object.entries(baselines)) {
    const scorer = make();
    expect(scorer.score(sound), name).toHaveLength(3);
    for (const items of [['0', '1'], [0, 1], BigInt64Array.of(0n, 1n), Float64Array.of(0, 0.5)]) {
      expect(() => scorer.score({ ...sound, items } as never), name).toThrow(
        expect.objectContaining({ code: 'E_WINDOWS' }),
      );
    }
    expect(() => scorer.score({ ...sound, items: Int32Array.of(0, 3) }), name).toThrow(
      expect.objectContaining({ code: 'E_ITEM_RANGE', value: 3 }),
    );
  }
});
