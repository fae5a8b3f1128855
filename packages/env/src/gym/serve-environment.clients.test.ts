import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createWorld } from '@lea/data';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type EnvironmentServer, serveEnvironment } from './serve-environment.ts';
import { stepEnvironment } from './step-environment.ts';
import type { StepEnvironment } from './types.ts';

const world = createWorld({ users: 30, items: 12, tastes: 3, seed: 1 });
let env: StepEnvironment;

beforeAll(async () => {
  env = await stepEnvironment(world, { horizon: 4, patience: 3 });
});

describe('clients', () => {
  const sockets: Socket[] = [];
  let host: EnvironmentServer;
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const socket of sockets.splice(0)) socket.destroy();
    await host.dispose();
  });
  const client = async (): Promise<Socket> => {
    const socket = connect(host.port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  /** The status of the answer on a connection that is kept. */
  const begins = async (socket: Socket): Promise<string> => {
    socket.write(
      'POST /sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
    );
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes.toString().slice(9, 12);
  };
  /** Lets a clock show another time from now on. */
  const shift = (clock: { now(): number }, milliseconds: number): void => {
    const real = clock.now.bind(clock);
    vi.spyOn(clock, 'now').mockImplementation(() => real() + milliseconds);
  };

  test('that die leave no session behind', async () => {
    host = await serveEnvironment(env, { sessions: 2 });
    const [dead, quiet, next] = [await client(), await client(), await client()];
    expect([await begins(dead), await begins(quiet), await begins(next)]).toEqual(['200', '200', '429']);
    dead.destroy();
    shift(performance, 61_000);
    // One of two: the quiet one thinks.
    await expect.poll(() => begins(next)).toBe('200');
    expect(await begins(next)).toBe('429');
  });

  test('are idle by a clock that nobody sets', async () => {
    host = await serveEnvironment(env, { sessions: 1 });
    const socket = await client();
    expect(await begins(socket)).toBe('200');
    shift(Date, 1e9);
    expect(await begins(socket)).toBe('429');
    vi.restoreAllMocks();
    shift(Date, -1e9);
    shift(performance, 31 * 60_000);
    expect(await begins(socket)).toBe('200');
  });

  test('have so many connections and no more', async () => {
    host = await serveEnvironment(env, { connections: 2 });
    const [first, second, third] = [await client(), await client(), await client()];
    await once(third, 'close');
    expect([await begins(first), await begins(second)]).toEqual(['200', '200']);
    first.destroy();
    await expect
      .poll(async () => {
        const socket = await client();
        return Promise.race([begins(socket), once(socket, 'close').then(() => 'closed')]);
      })
      .toBe('200');
  });
});
