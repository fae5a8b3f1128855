import { key } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  accepting,
  badAnswers,
  optional,
  type RightArguments,
  testedFunctions,
  unchecked,
} from '../../core/src/fixtures/bad-calls.ts';
import * as all from './index.ts';
import { rowsOf } from './testing.ts';

const exceptions = {};

const train = rowsOf(
  Array.from({ length: 4 }, (_, user) => [user, 1, 2, 3]),
  4,
);
const environment = await all.fitEnvironment({ train, width: 8, layers: 1, heads: 1, window: 3, epochs: 1 });
const languageModel = await all.catalogModel(['red shoe', 'blue hat'], { width: 8, layers: 1, heads: 1, epochs: 1 });
const annotation = await all.annotate(environment, train, { k: 1 });
const scale = { mean: 0, std: 1 };
const steps = await all.stepEnvironment(environment, { scale });
const scorer = environment;
const { config, params } = languageModel;
const tensors = Object.fromEntries(
  Object.entries(params).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
);
const inputs = tf.zeros([1, 2, config.width]);

const decoding: RightArguments = [unchecked(tensors), config, inputs, unchecked({})];
const right: Record<string, RightArguments> = {
  annotate: [environment, train, {}],
  annotateRewards: [annotation, train, environment, {}],
  annotateToFiles: [environment, train, { dir: '/dev/null/x' }],
  annotatePart: [environment, train, { dir: '/dev/null/x' }, { part: 0, of: 1 }],
  catalogModel: [['a'], {}],
  causalMask: [2],
  checkEnvironment: [accepting(steps, '{}'), {}],
  crossFit: [{ train, width: 8 }, {}],
  decode: decoding,
  decoderSpecs: [config],
  decoderVectors: [languageModel, ['a'], {}],
  downloadLanguageModel: ['no name!', { dir: 'nowhere' }],
  embedWords: [unchecked(tensors), config, tf.tensor1d([0], 'int32')],
  fitEnvironment: [{ train }],
  greedyActor: [scorer, {}],
  hiddenStates: decoding,
  initDecoder: [key(1), config],
  interactiveUsers: [environment, { scale }],
  learnItemTokens: [languageModel, ['a'], {}],
  loadEnvironment: ['nowhere', {}],
  loadLanguageModel: ['nowhere', {}],
  promptedModel: [{ url: 'http://localhost:1', model: 'm', texts: ['a'] }],
  readPositions: decoding,
  likelihoodRewards: [languageModel, ['a'], {}],
  drawExamples: [train, {}],
  rollout: [steps, all.uniformActor(4), {}],
  saveLanguageModel: [languageModel, '/dev/null/x'],
  serveEnvironment: [steps, {}],
  stepEnvironment: [environment, { scale }],
  subsetOfSequences: [train, 0.5, key(1)],
  textVectors: [['a'], { model: 'm' }],
  tokenizerFrom: [languageModel.tokenizer.json, {}],
  trainTokenizer: [['a'], optional(300)],
  uniformActor: [4, optional(0)],
};

describe('arguments of another kind', () => {
  it.each(testedFunctions(all, exceptions))('are refused by name: %s', async (name, call) => {
    expect(right[name], `right arguments of ${name} for this test`).toBeDefined();
    expect(await badAnswers(call, right[name]!)).toEqual([]);
  });

  it('names a forgotten await', async () => {
    await expect(all.annotate(Promise.resolve(environment) as never, train)).rejects.toThrow(
      'annotate: env must be a fitted environment. Got a promise. Await it first.',
    );
  });
});
