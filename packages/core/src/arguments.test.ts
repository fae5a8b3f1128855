import { describe, expect, it } from 'vitest';
import { accepting, badAnswers, type RightArguments, testedFunctions } from './fixtures/bad-calls.ts';
import * as core from './index.ts';
import * as node from './node.ts';

const exceptions = {
  'takes nothing': ['availableMemory', 'definitionCount', 'eventLoopTurn'],
  'classes are made with new': ['LeaError'],
  'any value may be described, shown or hashed': ['contentHash', 'describeValue', 'isObject', 'show', 'stableJson'],
  'makers and users of checks: the calling function writes their arguments itself': [
    'argumentCheck',
    'checkArrays',
    'checkChoices',
    'checkDefinition',
    'checkFunctions',
    'checkNumbers',
    'checkObjects',
    'checkPaths',
    'checkRanges',
    'checkSeed',
    'checkTexts',
    'createRegistry',
    'custom',
    'defaultsOf',
    'entriesOf',
    'finite',
    'nearest',
    'oneOf',
    'option',
    'optionsOf',
    'parseOptions',
    'readError',
    'reference',
    'unknownKey',
    'whole',
    'wholeOrInfinity',
    'withDefaults',
    'writeError',
  ],
  'called for every random number': ['randomBits'],
};

const right: Record<string, RightArguments> = {
  deviation: [[1, 2]],
  fold: [core.key(1), accepting('label', '3')],
  integers: [core.key(1), 2, 5],
  key: [1],
  makeFolder: ['/dev/null/x'],
  mean: [[1, 2]],
  normal: [core.key(1), 2],
  permutation: [core.key(1), 2],
  readSealed: ['nowhere.json'],
  readWhole: ['nowhere'],
  removeRemains: ['nowhere'],
  replaceFile: ['/dev/null/x', 'content'],
  resource: [async () => {}],
  sealed: [accepting({ a: 1 }, '{}')],
  task: [
    async function* () {
      yield 1;
    },
  ],
  uniform: [core.key(1), 2],
  unsealed: ['{'],
  weightedDraw: [[1, 2]],
  writeSealed: ['/dev/null/x', accepting({ a: 1 }, '{}')],
};

describe('arguments of another kind', () => {
  it.each(testedFunctions({ ...core, ...node }, exceptions))('are refused by name: %s', async (name, call) => {
    expect(right[name], `right arguments of ${name} for this test`).toBeDefined();
    expect(await badAnswers(call, right[name]!)).toEqual([]);
  });
});

describe('the error of an argument', () => {
  const checkRows = core.argumentCheck(
    'rows',
    (value) => core.isObject(value) && 'count' in value,
    'Make them with rowsOf.',
  );
  const messageOf = (value: unknown): string => {
    try {
      checkRows('popularity', { train: value });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('says what was expected, what came and the way out', () => {
    expect(messageOf(undefined)).toBe('popularity: train must be rows. Got undefined. Make them with rowsOf.');
    expect(messageOf({ count: 1 })).toBe('');
  });

  it('names a missing await, whatever the promise has', () => {
    const awaiting = 'popularity: train must be rows. Got a promise. Await it first.';
    expect(messageOf(Promise.resolve())).toBe(awaiting);
    expect(messageOf(core.task(async function* () {}))).toBe(awaiting);
    expect(messageOf(Object.assign(Promise.resolve(), { count: 1 }))).toBe(awaiting);
  });

  it('describes large values by their kind', () => {
    expect(core.describeValue([])).toBe('an empty array');
    expect(core.describeValue([1, 2])).toBe('an array of length 2');
    expect(core.describeValue({})).toBe('an empty object');
    expect(core.describeValue({ train: 1, test: 2 })).toBe('an object with train, test');
    expect(core.describeValue({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 })).toBe('an object with a, b, c, d, e, ...');
    expect(core.describeValue(new Map())).toBe('a Map');
    expect(core.describeValue(new Int32Array(3))).toBe('an Int32Array of length 3');
    expect(core.describeValue(core.mean)).toBe('the function mean');
    expect(core.describeValue('x')).toBe('"x"');
  });
});
