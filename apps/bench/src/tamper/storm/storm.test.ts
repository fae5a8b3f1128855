import { key } from '@lea/core';
import { describe, expect, test } from 'vitest';
import { hasRedis } from '../../testing/redis.ts';
import { differences, faultsOf } from './judge.ts';
import { storm } from './storm.ts';

test('a run that is missing, another one, or one too much is a difference', () => {
  const wanted = new Map([
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ]);
  expect(differences(wanted, wanted)).toEqual([]);
  expect(
    differences(
      wanted,
      new Map([
        ['a', '1'],
        ['b', '5'],
        ['d', '4'],
      ]),
    ),
  ).toEqual(['b has another record', 'c is missing', 'd is too much']);
});

test('a producer has to tell each run once', () => {
  const end = (...ids: string[]) => ({ code: 0, stderr: '', stdout: ids.map((id) => `{"id":"${id}"}\n`).join('') });
  expect(faultsOf(end('a', 'b'), 2)).toEqual([]);
  expect(faultsOf(end('a', 'b', 'a'), 2)).toEqual(['a producer told 3 runs, 2 of them different, instead of 2']);
  expect(faultsOf({ ...end(), code: 1, stderr: 'x\nE_SOME: It broke.\n' }, 2)).toEqual([
    'a producer ended with code 1: E_SOME: It broke.',
  ]);
});

describe.skipIf(!hasRedis)('on a real server (redis-server on the PATH)', () => {
  test('a worker dies, and Redis loses its data: two producers get the records of one process', {
    timeout: 900_000,
  }, async () => {
    const said: string[] = [];
    const signal = AbortSignal.timeout(840_000);
    const options = {
      seeds: 1,
      kills: 1,
      loseData: true,
      // With this key the worker dies early, while there is work for all.
      root: key(11),
      say: (line: string) => said.push(line),
      signal,
    };
    expect(await storm(options), said.join('\n')).toMatchObject({ runs: 7, hits: 1, wrong: [] });
    expect(said.join('\n')).toContain('started again without its data');
  });
});
