import { describe, expect, it } from 'vitest';
import {
  accepting,
  badAnswers,
  optional,
  type RightArguments,
  testedFunctions,
} from '../../core/src/fixtures/bad-calls.ts';
import { logOf } from './fixtures/log.ts';
import * as data from './index.ts';
import * as node from './node.ts';

const exceptions = {
  'makers and users of checks: the calling function writes their arguments itself': [
    'checkCatalogIdentity',
    'checkInteractions',
    'checkRewardModels',
    'checkScorers',
    'checkScores',
    'checkSequences',
    'checkSplits',
    'checkTransitions',
    'checkedRewards',
    'positivesPerRow',
    'rewardReader',
    'scoresOf',
  ],
  'called for every item of every history': ['addRow'],
  'takes any value, or nothing': ['datasetTypes', 'isItemList'],
};

const log = logOf('a: 0 1 2* 3', 'b: 3 0', 'c: 1 2 3');
const split = data.leaveOneOut(log);
const { train } = split;
const reward = Float32Array.of(0.5, 1);
const table = { columnNames: () => ['user', 'item'], array: (name: string) => [name] };

const right: Record<string, RightArguments> = {
  batchOf: [train, [0], { window: 2, rewards: [1, 1] }],
  catalogIdentityOf: [['a']],
  checkActions: [Int32Array.of(1), 1, 4],
  checkWindows: [data.windowsOf([[1]], 2, 4), 4],
  createWorld: [{}],
  dataHash: [log],
  defineDataset: [{ type: 'mine', schema: {}, load: () => ({ interactions: log }) }, {}],
  emptyBatch: [2, 3],
  emptyWindows: [2, 3],
  findDataset: ['none'],
  findLeaks: [split, {}],
  findTextLeaks: [split, []],
  fromTable: [table, { user: 'user', item: 'item' }, {}],
  historyWindows: [train, [0], 2],
  interactionsOf: [{ user: ['u'], item: ['a'] }, {}],
  itemCounts: [train],
  lastfmItemTexts: ['nowhere', train, {}],
  itemsBefore: [train, 0],
  leaveOneOut: [log],
  loadIndustrial: ['nowhere'],
  loadLastfm: ['nowhere'],
  loadMl1m: ['nowhere'],
  loadRetailrocket: ['nowhere'],
  loadRetailrocketEvents: ['nowhere'],
  loadS3Rec: ['nowhere', 'Beauty.txt'],
  loadYoochoose: ['nowhere', {}],
  ranksBy: [{ items: 1, score: () => Float32Array.of(1) }, () => Int32Array.of(1)],
  readInteractions: ['nowhere.csv', {}],
  readItemTexts: ['nowhere.csv', {}],
  rewardStatistics: [reward],
  rowsHash: [train],
  sequences: [log],
  sparseRows: [2, () => {}],
  splitBy: [log, () => 'train', accepting({ kind: 'mine' }, '{}')],
  splitByTime: [log, { validationFrom: 1, testFrom: 2 }],
  splitByTimeQuantiles: [log, optional({ validationFrom: 0.5, testFrom: 0.8 })],
  splitByUser: [log, {}],
  splitByUserLists: [log, { validation: ['a'], test: ['b'] }],
  successions: [train, 2, () => 1],
  topK: [[1, 2], 1, {}],
  transitions: [data.sequences(log), optional(() => true)],
  transposed: [data.sparseRows(2, () => {})],
  windowsOf: [[[1]], 2, 4],
  worldPlanner: [data.createWorld({ users: 1, items: 4, tastes: 1, dynamics: {} }).users, {}],
};

describe('arguments of another kind', () => {
  it.each(testedFunctions({ ...data, ...node }, exceptions))('are refused by name: %s', async (name, call) => {
    expect(right[name], `right arguments of ${name} for this test`).toBeDefined();
    expect(await badAnswers(call, right[name]!)).toEqual([]);
  });

  it('names the kind that came and the way to the right one', () => {
    expect(() => data.itemCounts(split as never)).toThrow(
      'itemCounts: set must be rows of one set (transitions). Got an object with train, validation, test, info. ' +
        'Pass a set of a split, such as leaveOneOut(interactions).train.',
    );
    expect(() => data.leaveOneOut(Promise.resolve(log) as never)).toThrow(
      'leaveOneOut: data must be interactions. Got a promise. Await it first.',
    );
  });
});
