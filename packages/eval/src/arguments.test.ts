import { createWorld, windowsOf } from '@lea/data';
import { describe, expect, it } from 'vitest';
import {
  accepting,
  badAnswers,
  optional,
  type RightArguments,
  testedFunctions,
} from '../../core/src/fixtures/bad-calls.ts';
import * as all from './index.ts';
import { transitionsOf } from './testing/transitions.ts';

const exceptions = {
  'takes nothing': ['baselineTypes', 'definedMeasures'],
  'called for every event, of scores that evaluate has checked': ['rankOf'],
};

const train = transitionsOf(
  [
    [0, 1, { buy: 2 }],
    [1, 2],
  ],
  3,
);
const scorer = all.popularity(train);
const vectors = all.tfidfVectors(['a b', 'b c', 'c'], { dimensions: 4 });
const evaluation = await all.evaluate(scorer, train);
const { users } = createWorld({ users: 1, items: 3, tastes: 1, dynamics: {} });
const visited = await all.evaluateInteractive({ ...scorer, itemIds: undefined }, users!, { users: 2, maxLength: 2 });

const lists = await all.recommend(scorer, train);
const differences: RightArguments = [Float64Array.of(1, 2), Int32Array.of(0, 1), {}];

const onTrain: RightArguments = [train, {}];
const right: Record<string, RightArguments> = {
  agreement: [
    [1, 2],
    [1, 2],
  ],
  averages: [[1, 2], [0, 0], ['click'], [5]],
  bootstrapTest: differences,
  clusteredMean: [Float64Array.of(1, 2), Int32Array.of(0, 1), optional(0.9)],
  coOccurrence: onTrain,
  compare: [evaluation, evaluation, {}],
  compareReturns: [visited, visited, {}],
  compareSeeds: [[evaluation], [evaluation], {}],
  defineBaseline: [{ type: 'mine', schema: {}, build: () => scorer }, {}],
  defineMeasure: ['mine', () => 1, {}],
  ease: onTrain,
  evaluate: [scorer, train, {}],
  evaluateInteractive: [{ ...scorer, itemIds: undefined }, users, {}],
  fidelity: [scorer, train, {}],
  findBaseline: ['none'],
  gramInverse: [train, optional(10)],
  holm: [[0.1, 0.2]],
  interval: [evaluation, {}],
  itemKnn: onTrain,
  lastItemMarkov: [train],
  listMetrics: [lists, train, {}],
  pairwiseAccuracy: [
    [1, 2],
    [1, 2],
  ],
  parseListMetric: ['gini@10'],
  parseMetric: ['ndcg@10', ['click']],
  pearson: [
    [1, 2],
    [1, 2],
  ],
  permutationTest: differences,
  plattScaling: [[1], [0]],
  popularity: [train],
  recommend: [scorer, train, {}],
  repeatHistory: onTrain,
  returnInterval: [visited, {}],
  rewardAccuracy: [all.scoresAsRewards(scorer), train, {}],
  scoresAsRewards: [scorer],
  sequentialRules: onTrain,
  sknn: onTrain,
  spearman: [
    [1, 2],
    [1, 2],
  ],
  stan: onTrain,
  testDifference: [evaluation, evaluation, {}],
  textNearness: [vectors, optional(2)],
  textSimilarity: [accepting(train, 'null'), vectors, {}],
  tfidfVectors: [['a'], {}],
  vsknn: onTrain,
  wilcoxon: [[1, 2]],
};

describe('arguments of another kind', () => {
  it.each(testedFunctions(all, exceptions))('are refused by name: %s', async (name, call) => {
    expect(right[name], `right arguments of ${name} for this test`).toBeDefined();
    expect(await badAnswers(call, right[name]!)).toEqual([]);
  });

  it('are refused by a scorer', async () => {
    const histories = windowsOf([[1]], 1, 3);
    expect(await badAnswers((given) => scorer.score(given as never), [histories])).toEqual([]);
  });

  it('names a forgotten await and a set that is no split', async () => {
    const forgotten = async () => scorer;
    await expect(all.evaluate(forgotten() as never, train)).rejects.toThrow(
      'evaluate: scorer must be a scorer, with name, items, window and score. Got a promise. Await it first.',
    );
    await expect(all.evaluate({ policy: scorer } as never, train)).rejects.toThrow('Got an object with policy.');
    expect(() => all.popularity(undefined as never)).toThrow(
      'popularity: train must be rows of one set (transitions). Got undefined. ' +
        'Pass a set of a split, such as leaveOneOut(interactions).train.',
    );
  });
});
