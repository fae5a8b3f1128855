import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { afterEach, expect, test, vi } from 'vitest';
import { createBoard } from '../terminal/board.ts';
import { hasRedis, startRedis } from '../testing/redis.ts';
import { addressOf } from './address.ts';
import { openRedis, reasonOf } from './redis.ts';
import { statusOf } from './status.ts';
import { serve } from './worker.ts';

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

test('who cannot connect leaves nothing in a folder, and an unused folder hides no server that is away', async () => {
  const address = addressOf('redis://127.0.0.1:1')!;
  const runs = mkdtempSync(join(tmpdir(), 'lea-queue-'));
  const away = { code: 'E_QUEUE_CONNECTION' };
  const options = { runs: join(runs, 'typo'), wordsOf: () => [], board: createBoard(process.stderr) };
  await expect(serve(address, { ...options, signal: new AbortController().signal })).rejects.toMatchObject(away);
  await expect(statusOf(address, runs)).rejects.toMatchObject(away);
  expect(readdirSync(runs)).toEqual([]);
});

test('a server that takes connections and says nothing is away', async () => {
  const silent = createServer((socket) => void socket.resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  for (const patient of [true, false]) {
    const opened = openRedis(addressOf(`redis://127.0.0.1:${port}`)!, patient, 100);
    await expect(opened).rejects.toThrow(/does not answer: it is silent for 0\.1 s/);
  }
  silent.close();
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

test.skipIf(!hasRedis)('a worker says that it is the first one of a folder (redis-server on the PATH)', async () => {
  const server = await startRedis();
  const address = addressOf(`redis://127.0.0.1:${server.port}`)!;
  const runs = join(mkdtempSync(join(tmpdir(), 'lea-queue-')), 'typo');
  const said: string[] = [];
  const board = { show() {}, end() {}, say: (line: string) => void said.push(line) };
  const work = async (): Promise<void> => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(serve(address, { runs, wordsOf: () => [], board, signal })).rejects.toThrow('stop');
  };
  try {
    await work();
    expect(said[0]).toContain(`The folder of runs did not exist and is made: ${runs}. If run has another --runs,`);
    await work();
    expect(said[2]).toMatch(/^Waiting for jobs of /);
    expect(await statusOf(address, runs)).toMatchObject({ isUsed: true, workers: 0 });
  } finally {
    await server.remove();
  }
});
