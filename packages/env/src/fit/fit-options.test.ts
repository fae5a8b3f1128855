import { key } from '@lea/core';
import { createWorld, type RewardModel } from '@lea/data';
import { fidelity, rewardAccuracy } from '@lea/eval';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { annotateOptions } from '../annotation/annotate.ts';
import { crossFit } from '../annotation/cross-fit.ts';
import { uniformActor } from '../gym/actors.ts';
import { checkEnvironment } from '../gym/check-environment.ts';
import { rollout } from '../gym/rollout.ts';
import { serveEnvironment } from '../gym/serve-environment.ts';
import { stepEnvironment } from '../gym/step-environment.ts';
import { learnItemTokens } from '../items/item-tokens.ts';
import { textVectors } from '../items/text-vectors.ts';
import { catalogModel } from '../language-model/catalog-model.ts';
import { downloadLanguageModel } from '../language-model/hub/download-language-model.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { trainTokenizer } from '../language-model/tokenizer.ts';
import { promptedModel } from '../prompted/prompted-model.ts';
import { rowsOf } from '../testing.ts';
import { fitEnvironment } from './fit-environment.ts';
import { subsetOfSequences } from './segments.ts';

const rows = rowsOf(
  [
    [0, 1, 2],
    [2, 1, 0, 3],
    [1, 3],
  ],
  5,
);
const model: RewardModel = {
  name: 'm',
  items: 5,
  window: 3,
  rewards: async (_, actions) => Float32Array.from(actions),
};
const scorer = { ...model, score: (windows: { size: number }) => new Float32Array(5 * windows.size) };
const world = createWorld({ users: 5, items: 6, tastes: 2 });
const playing = await stepEnvironment(world);
const at = { url: 'http://localhost:1', model: 'm', texts: ['a'] };
// Nothing that is refused reads a model.
const languageModel = { config: {}, tokenizer: {}, params: {} } as unknown as LanguageModel;

/** Every function with numeric options: how it is called, and these options. */
const calls: Record<string, [call: (options: Record<string, never>) => unknown, options: string[]]> = {
  catalogModel: [
    (o) => catalogModel(['a'], o),
    'vocabSize width layers heads kvHeads mlpWidth context epochs batch lr reconstructionShare validationShare seed threads'.split(
      ' ',
    ),
  ],
  learnItemTokens: [
    (o) => learnItemTokens(languageModel, ['a'], o),
    'batch steps lr tolerance anchorWeight seed threads'.split(' '),
  ],
  fitEnvironment: [
    (o) => fitEnvironment({ train: rows, ...o }),
    'textMemoryWidth itemDropout userShare window width layers heads dropout sampledItems negatives negativeSamplingPower rewardHeads rewardLossWeight lr batch epochs patience seed threads'.split(
      ' ',
    ),
  ],
  'fitEnvironment.adaptation': [(o) => fitEnvironment({ train: rows, adaptation: o }), ['rank', 'alpha']],
  'crossFit, of the fit': [(o) => crossFit({ train: rows, ...o }, { k: 1 }), ['seed']],
  crossFit: [(o) => crossFit({ train: rows }, o), 'folds k window pessimism shardRows shortlist'.split(' ')],
  annotate: [
    async (o) => annotateOptions(o, rows, 3),
    'k window pessimism shardRows popularityCorrection shortlist'.split(' '),
  ],
  fidelity: [(o) => fidelity(scorer, rows, o), ['k', 'draws', 'seed']],
  rewardAccuracy: [(o) => rewardAccuracy(model, rows, o), ['draws', 'seed']],
  stepEnvironment: [(o) => stepEnvironment(world, o), 'horizon slate seed window'.split(' ')],
  'stepEnvironment.scale': [(o) => stepEnvironment(model, { scale: { mean: 0, std: 1, ...o } }), ['mean', 'std']],
  reset: [(o) => playing.fork().reset(o), ['seed']],
  vectorize: [async ({ size }) => playing.vectorize(size!), ['size']],
  rollout: [(o) => rollout(playing, uniformActor(6), o), 'episodes seed gamma parallel'.split(' ')],
  uniformActor: [async ({ items = 5, seed }) => uniformActor(items, seed), ['items', 'seed']],
  checkEnvironment: [(o) => checkEnvironment(playing, o), ['steps', 'seed']],
  serveEnvironment: [(o) => serveEnvironment(playing, o), 'port sessions size bodyBytes'.split(' ')],
  promptedModel: [
    async (o) => promptedModel({ ...at, ...o }),
    'window textLength concurrency retries answerRetries timeout'.split(' '),
  ],
  'promptedModel.backoff': [
    async (o) => promptedModel({ ...at, backoff: { first: 1, most: 1, ...o } }),
    ['first', 'most'],
  ],
  'promptedModel.prices': [
    async (o) => promptedModel({ ...at, prices: { prompt: 1, completion: 1, ...o } }),
    ['prompt', 'completion'],
  ],
  downloadLanguageModel: [
    (o) => downloadLanguageModel('a/b', { dir: '/nowhere', endpoint: 'http://localhost:1', ...o }),
    ['retries', 'timeout'],
  ],
  textVectors: [(o) => textVectors(['a'], { model: 'm', ...o }), ['batch']],
  subsetOfSequences: [async ({ fraction }) => subsetOfSequences(rows, fraction!, key(0)), ['fraction']],
  trainTokenizer: [async ({ size }) => trainTokenizer(['a'], size), ['size']],
};
const options = Object.entries(calls).flatMap(([name, [, all]]) => all.map((option) => [name, option] as const));

it('every numeric option refuses what is no number, before anything is made', async () => {
  const noNumber = fc.constantFrom(Number.NaN, Infinity, -Infinity, '1', null, true, 1n, [], {});
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...options), noNumber, async ([name, option], bad) => {
      const call = async () => calls[name]![0]({ [option]: bad as never });
      await expect(call(), `${name} ${option}`).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    }),
    { numRuns: 2000 },
  );
});

it('every seed is a whole number', async () => {
  const seeds = options.filter(([, option]) => option === 'seed');
  expect(seeds).toHaveLength(11);
  for (const [name, option] of seeds) {
    for (const bad of [0.3, 2 ** 53, new Date(0)]) {
      const call = async () => calls[name]![0]({ [option]: bad as never });
      await expect(call(), name).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
    }
  }
});

it.each([
  [
    'a path as the language model',
    { languageModel: 'models/x' },
    /languageModel must be a language model.*loadLanguageModel/,
  ],
  [
    'item tokens with their perplexity',
    { tokens: { vectors: {}, hash: '' } },
    /tokens must be vectors of items.*vectors: tokens/,
  ],
])('%s is refused by name', async (_, options, message) => {
  const train = rowsOf([[0, 1, 2]], 3);
  await expect(fitEnvironment({ train, ...options } as never)).rejects.toThrow(message);
});
