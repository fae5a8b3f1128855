import { key } from '@lea/core';
import { interactionsOf, leaveOneOut, windowsOf } from '@lea/data';
import { describe, expect, it } from 'vitest';
import {
  accepting,
  badAnswers,
  type RightArguments,
  testedFunctions,
  unchecked,
} from '../../core/src/fixtures/bad-calls.ts';
import * as all from './index.ts';
import * as serve from './serve/index.ts';

const exceptions = {
  'options of agents and encoders: see the tests of their definitions': [
    ...['caser', 'ccql', 'ce', 'dqnNs', 'gru4rec', 'nextitnet', 'proxy', 'sa2c', 'sac', 'sasrec', 'sasrecModern'],
    ...['snqn', 'sqn', 'vpq'],
  ],
  'parts of agents and encoders, called in programs: tensors are checked by the functions of @lea/tensor': [
    ...['actorCriticLoss', 'aligned', 'allValues', 'critic', 'halfSquare', 'head', 'historiesOf', 'initHead'],
    ...[
      'initItems',
      'initLinear',
      'itemTraits',
      'lastPosition',
      'learningStates',
      'loggedTarget',
      'lookUp',
      'meanLoss',
    ],
    ...['neededTarget', 'nextHistoriesOf', 'normalValue', 'onePhase', 'passMode', 'qParts', 'supervisedHead'],
    ...['supervisedLoss', 'supervisedParts', 'twoPhases', 'uniformValue', 'validPositions', 'valuesOf'],
  ],
  'makers and users of checks: the calling function writes their arguments itself': [
    ...[
      'checkAlignment',
      'checkChoices',
      'checkGuidance',
      'checkQ',
      'checkRanges',
      'checkRanking',
      'checkSupervisedLoss',
    ],
  ],
  'takes nothing': ['agentTypes', 'encoderTypes'],
};

const log = interactionsOf({
  user: ['u', 'u', 'u', 'v', 'v', 'v'],
  item: ['a', 'b', 'c', 'b', 'c', 'a'],
});
const { train } = leaveOneOut(log);
const agent = all.ce({ encoder: all.sasrec({ width: 4, layers: 1, heads: 1 }) });
const shape = { items: 3, window: 2, textSize: 1 };
const params = agent.init(key(1), shape);
const memory = await all.countingMemory(train);
const policy = all.createPolicy(agent, params, shape, { memory, itemIds: log.itemIds });

const right: Record<string, RightArguments> = {
  narrowMemory: [memory, 2],
  agentConfig: [agent],
  checkMemory: [memory, 3],
  checkMemoryRows: [memory, train],
  countingMemory: [train, {}],
  createAgent: [{ type: 'ce', encoder: { type: 'sasrec' } }],
  createEncoder: [{ type: 'sasrec' }],
  createPolicy: [agent, params, shape, {}],
  defineAgent: [{ type: 'mine', schema: {}, build: () => agent }, {}],
  defineEncoder: [{ type: 'mine', schema: {}, build: () => agent.encoder }, {}],
  exportOnnx: [policy, '/dev/null/x', {}],
  itemParams: [agent, shape],
  leaveOwnUserOut: [train, memory],
  loadPolicy: ['nowhere', {}],
  memoryTables: [memory.state],
  servePolicy: [new Uint8Array(4), { ort: { InferenceSession: {} } }],
  storedTables: [memory.state],
  weightsHash: [accepting(params, '{}')],
  withMemory: [agent, memory, unchecked(undefined)],
};

const histories = windowsOf([[1]], 2, 3);
const methods: Record<string, RightArguments> = {
  observe: [[], {}],
  observeIndices: [[]],
  recommend: [accepting({ history: ['a'] }, '[]'), 2, {}],
  recommendIndices: [[[1]], 2, {}],
  save: ['/dev/null/x'],
  score: [histories],
};

describe('arguments of another kind', () => {
  it.each(testedFunctions({ ...all, ...serve }, exceptions))('are refused by name: %s', async (name, call) => {
    expect(right[name], `right arguments of ${name} for this test`).toBeDefined();
    expect(await badAnswers(call, right[name]!)).toEqual([]);
  });

  it.each(Object.keys(methods))('are refused by policies: %s', async (name) => {
    const method = policy[name as keyof typeof policy] as (...given: unknown[]) => unknown;
    expect(await badAnswers((...given) => method(...given), methods[name]!)).toEqual([]);
  });

  it('are refused by memories', async () => {
    expect(await badAnswers((given) => memory.score(given as never), [histories])).toEqual([]);
    expect(await badAnswers((given) => memory.observe(given as never), [[]])).toEqual([]);
  });

  it('names wrong options of loadPolicy and a missing path', async () => {
    await expect(all.loadPolicy('nowhere', { thread: 2 } as never)).rejects.toThrow('Did you mean "threads"?');
    await expect(all.exportOnnx(policy, undefined as never)).rejects.toThrow(
      'exportOnnx: path must be a text that names a file or folder. Got undefined.',
    );
  });
});
