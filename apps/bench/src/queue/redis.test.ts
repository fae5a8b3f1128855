import { LeaError } from '@lea/core';
import { afterEach, expect, test, vi } from 'vitest';
import { hasRedis, startRedis } from '../testing/redis.ts';
import { addressOf } from './address.ts';
import { openRedis, reasonOf } from './redis.ts';

afterEach(() => vi.doUnmock('bullmq'));

const refused = async (url: string): Promise<LeaError> => {
  const error = await openRedis(addressOf(undefined, url)!, false).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(LeaError);
  return error as LeaError;
};

test('without its packages a queue says what to install', async () => {
  vi.doMock('bullmq', () => {
    throw new Error('Cannot find package');
  });
  const error = await refused('redis://127.0.0.1:1');
  expect(error).toMatchObject({ code: 'E_PEER_MISSING', hint: 'Run npm i bullmq ioredis.' });
});

test('a server that is not there is told by its address, without the password', async () => {
  const error = await refused('redis://:s3cret@127.0.0.1:1/0');
  expect(error.code).toBe('E_QUEUE_CONNECTION');
  expect(error.message).toContain('Redis at redis://127.0.0.1:1/0 does not answer: connect ECONNREFUSED');
  expect(`${error.stack} ${error.cause}`).not.toContain('s3cret');
});

test('an error without a message is told by its code', () => {
  expect(reasonOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
  expect(reasonOf(new Error('one.\ntwo'))).toBe('one');
  expect(reasonOf(new Error("Stream isn't writeable and enableOfflineQueue options is false"))).toBe(
    'the connection is lost',
  );
});

test.skipIf(!hasRedis)('what a server refuses is told, without the password (redis-server on the PATH)', async () => {
  const [server, open] = [await startRedis('s3cret'), await startRedis()];
  try {
    for (const [port, user, database, what] of [
      [server.port, '', '', 'needs a password. Set the environment variable LEA_QUEUE to redis://:PASSWORD@HOST:PORT.'],
      [server.port, ':wr0ng@', '', 'refuses the user or the password. Correct LEA_QUEUE.'],
      [open.port, '', '/99', 'has no database of this number. A server has the databases 0 to 15, unless'],
    ] as const) {
      const error = await refused(`redis://${user}127.0.0.1:${port}${database}`);
      expect(error.code).toBe('E_QUEUE_CONNECTION');
      expect(error.message).toContain(`Redis at redis://127.0.0.1:${port}${database} ${what}`);
      expect(`${error.stack} ${error.cause}`).not.toMatch(/s3cret|wr0ng/);
    }
  } finally {
    await Promise.all([server.remove(), open.remove()]);
  }
});
