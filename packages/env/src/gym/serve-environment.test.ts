import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createWorld } from '@lea/data';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type EnvironmentServer, type ServeOptions, serveEnvironment } from './serve-environment.ts';
import { stepEnvironment } from './step-environment.ts';
import type { StepEnvironment } from './types.ts';

const world = createWorld({ users: 30, items: 12, tastes: 3, seed: 1 });
let env: StepEnvironment;
let server: EnvironmentServer;
const errors: unknown[] = [];

beforeAll(async () => {
  env = await stepEnvironment(world, { horizon: 4, patience: 3 });
  server = await serveEnvironment(env, {
    sessions: 4,
    size: 8,
    bodyBytes: 2000,
    onError: (error) => errors.push(error),
  });
});
afterAll(() => server.dispose());

async function call(method: string, path: string, body?: unknown, headers = {}) {
  const response = await fetch(server.url + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  return { status: response.status, told: (await response.json()) as any };
}
const begin = async (body = {}): Promise<string> => `/sessions/${(await call('POST', '/sessions', body)).told.session}`;

test('episodes over HTTP are those of the environment', async () => {
  expect((await call('GET', '/spec')).told).toEqual({
    protocol: 1,
    name: 'world',
    horizon: 4,
    autoresetMode: 'next-step',
    observationSpace: env.observationSpace,
    actionSpace: { type: 'discrete', n: 12 },
  });
  const session = await begin();
  const own = env.fork();
  const plain = (result: { observation: ArrayLike<number> }) => ({
    ...result,
    observation: Array.from(result.observation),
  });
  expect((await call('POST', `${session}/reset`, { seed: 3 })).told).toEqual(plain(await own.reset({ seed: 3 })));
  for (const action of [1, 5, 2]) {
    expect((await call('POST', `${session}/step`, { action })).told).toEqual(plain(await own.step(action)));
  }
  expect((await call('POST', `${session}/reset`, { seed: null })).told).toEqual(plain(await own.reset()));
  expect((await call('DELETE', session)).told).toEqual({});
  expect((await call('DELETE', session)).status).toBe(404);
});

test('side by side', async () => {
  const session = await begin({ size: 2 });
  const many = env.vectorize(2);
  const { observations, infos } = await many.reset({ seed: 9 });
  expect((await call('POST', `${session}/reset`, { seed: 9 })).told).toEqual({
    observations: [...observations],
    infos,
  });
  const step = await many.step([4, 7]);
  expect((await call('POST', `${session}/step`, { action: [4, 7] })).told).toEqual({
    ...step,
    observations: [...step.observations],
    rewards: [...step.rewards],
  });
  await call('DELETE', session);
});

test('sessions do not disturb one another', async () => {
  const [a, b] = [await begin(), await begin()];
  const first = (await call('POST', `${a}/reset`, { seed: 1 })).told;
  await call('POST', `${b}/reset`, { seed: 2 });
  await call('POST', `${b}/step`, { action: 0 });
  await call('POST', `${a}/step`, { action: 0 });
  expect((await call('POST', `${a}/reset`, { seed: 1 })).told).toEqual(first);
  for (const session of [a, b]) await call('DELETE', session);
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

describe('what is out of order', () => {
  test('has a status and a code', async () => {
    const session = await begin();
    const none = '/sessions/00000000-0000-4000-8000-000000000000';
    for (const [method, path, body, status, code] of [
      ['GET', '/', undefined, 404, 'E_ROUTE'],
      ['GET', '/sessions/x/y', undefined, 404, 'E_ROUTE'],
      ['POST', '/spec', {}, 405, 'E_METHOD'],
      ['GET', `${session}/step`, undefined, 405, 'E_METHOD'],
      ['POST', `${none}/step`, { action: 1 }, 404, 'E_SESSION'],
      ['POST', `${session}/step`, { action: 1 }, 409, 'E_NOT_RESET'],
      ['POST', `${session}/step`, { action: 12 }, 400, 'E_ACTION'],
      ['POST', `${session}/step`, {}, 400, 'E_ACTION'],
      ['POST', `${session}/step`, { acton: 1 }, 400, 'E_OPTION_UNKNOWN'],
      ['POST', `${session}/reset`, { seed: 'x' }, 400, 'E_OPTION_VALUE'],
      ['POST', `${session}/reset`, '{"seed"', 400, 'E_JSON'],
      ['POST', `${session}/reset`, '[]', 400, 'E_JSON'],
      ['POST', `${session}/reset`, `{"seed": 1${' '.repeat(4000)}}`, 413, 'E_BODY_SIZE'],
      ['POST', '/sessions', { size: 9 }, 400, 'E_OPTION_VALUE'],
      ['POST', '/sessions', { size: '2' }, 400, 'E_OPTION_VALUE'],
    ] as const) {
      const { status: got, told } = await call(method, path, body);
      expect([path, got, told.error?.code]).toEqual([path, status, code]);
      expect(told.error.message).toBeTruthy();
    }
    expect((await call('POST', `${session}/reset`, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    await call('DELETE', session);
  });

  test('pages that call this machine by another name are refused', async () => {
    const { port } = server;
    const statusAs = (host: string) =>
      new Promise((resolve, reject) => {
        request({ host: '127.0.0.1', port, path: '/spec', headers: { host: `${host}:${port}` } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await statusAs('evil.example')).toBe(403);
    expect(await statusAs('localhost')).toBe(200);
    expect(await statusAs('LocalHost')).toBe(200);
  });

  test('no more sessions than allowed, but idle ones make room', async () => {
    const sessions = await Promise.all([begin(), begin(), begin(), begin()]);
    expect((await call('POST', '/sessions', {})).told.error.code).toBe('E_SESSION_COUNT');
    for (const session of sessions) await call('DELETE', session);
    const brief = await serveEnvironment(env, { sessions: 1, idle: 0 });
    const post = () =>
      fetch(`${brief.url}/sessions`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    await post();
    await expect.poll(async () => (await post()).status).toBe(200);
    await brief.dispose();
  });

  test('errors inside are told to the owner', async () => {
    const failing = {
      ...env,
      fork: () => ({ ...env, reset: () => Promise.reject(new Error('secret /path')) }) as StepEnvironment,
    };
    const told: unknown[] = [];
    const other = await serveEnvironment(failing, { onError: (error) => told.push(error) });
    const post = (path: string) =>
      fetch(other.url + path, { method: 'POST', headers: { 'content-type': 'application/json' } }).then((r) =>
        r.json(),
      );
    const { session } = (await post('/sessions')) as { session: string };
    expect(await post(`/sessions/${session}/reset`)).toEqual({
      error: { code: 'E_INTERNAL', message: 'The environment failed.' },
    });
    expect(told).toEqual([new Error('secret /path')]);
    await other.dispose();
    expect(errors).toEqual([]);
  });

  test.each([
    ['that JSON has no form for', { x: 1n }],
    ['that is none', undefined],
  ])('a result %s is an error inside, and the server goes on', async (_, result) => {
    const told: unknown[] = [];
    const odd = { ...env, fork: () => ({ ...env, reset: async () => result }) as never };
    const other = await serveEnvironment(odd, { onError: (error) => told.push(error) });
    const post = async (path: string) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(other.url + path, { method: 'POST', headers });
      // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
      return { status: response.status, told: (await response.json()) as any };
    };
    const { session } = (await post('/sessions')).told;
    for (const _ of [1, 2]) {
      expect(await post(`/sessions/${session}/reset`)).toMatchObject({
        status: 500,
        told: { error: { code: 'E_INTERNAL' } },
      });
    }
    expect(told).toEqual([expect.any(TypeError), expect.any(TypeError)]);
    await other.dispose();
  });

  test('options and ports', async () => {
    await expect(serveEnvironment(env, { prt: 1 } as Partial<ServeOptions>)).rejects.toThrow('Did you mean "port"?');
    await expect(serveEnvironment(env, { port: server.port })).rejects.toMatchObject({
      code: 'E_PORT',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });
});

describe.skipIf(!process.env.LEA_PYTHON)('Gymnasium (LEA_PYTHON names a Python that has it)', () => {
  const python = async (file: string, url: string, ...more: string[]) => {
    const script = fileURLToPath(new URL(`../../python/tests/${file}`, import.meta.url));
    const { stdout } = await promisify(execFile)(process.env.LEA_PYTHON!, [script, url, ...more], {
      timeout: 100_000,
    });
    return JSON.parse(stdout.trim().split('\n').at(-1)!);
  };

  test.each([
    ['states', {}],
    ['windows', { observation: 'window', window: 5 }],
    ['slates', { slate: 2 }],
  ] as const)('%s: its checker, episodes, side by side', async (_, options) => {
    const own = await stepEnvironment(world, { horizon: 4, patience: 3, ...options });
    const host = await serveEnvironment(own);
    const told = await python('check.py', host.url);
    expect(told.rollout).toHaveLength(3);
    for (const { length } of told.rollout) expect(length).toBeLessThanOrEqual(4);
    expect(told.vector.ends).toBeGreaterThan(3);
    expect(told.vector.autoreset).toContain('NEXT_STEP');
    expect(told.errors).toEqual('slate' in options ? ['E_ACTION', 'E_ACTION'] : ['E_NOT_RESET', 'E_ACTION']);
    for (const warning of told.warnings) expect(warning).toMatch(/spec/);
    await host.dispose();
  });

  test('calls that break off, sessions that nobody seeds or closes', async () => {
    // So many that unseeded environments never begin alike by chance.
    const start = Array.from({ length: 12 ** 4 }, (_, i) => [0, 1, 2, 3].map((t) => Math.floor(i / 12 ** t) % 12));
    const own = await stepEnvironment(world, { start });
    const fork = () => {
      const one = own.fork();
      let steps = 0;
      return { ...one, step: (a) => (steps++ === 0 ? new Promise(() => {}) : one.step(a)) } as StepEnvironment;
    };
    const host = await serveEnvironment({ ...own, fork }, { sessions: 4 });
    const told = await python('sessions.py', host.url);
    expect(told.broken_off).toEqual({ broke: true, fits: true, step: 1 });
    // Of those with a seed all begin alike.
    expect(told.single[0]).toBeGreaterThan(1);
    expect(told.single[1]).toBe(1);
    expect(told.vector[0]).toBeGreaterThan(1);
    expect(told.vector[1]).toBe(1);
    expect(told.forgotten).toBe(9);
    await host.dispose();
  });

  test('a server that has no room for connections is told by name', async () => {
    const host = await serveEnvironment(env, { connections: 2 });
    expect(await python('connections.py', host.url)).toEqual({ refused: 'E_CONNECTION', after: true });
    await host.dispose();
  });

  test('what is no answer of a server is told by name', async () => {
    const answers: Record<string, (response: ServerResponse) => unknown> = {
      page: (response) => response.end('<html>busy'),
      list: (response) => response.end('[1]'),
      error: (response) => response.end('{"error": {"code": "E_BUSY", "message": "Busy."}}'),
      text: (response) => response.end('{"error": "busy"}'),
      status: (response) => response.writeHead(502).end('{"detail": "busy"}'),
      half: (response) => {
        response.writeHead(200, { 'content-length': 99 });
        response.write('{"protocol":', () => response.destroy());
      },
      nothing: (response) => response.destroy(),
    };
    const host = createServer((asked, response) => answers[asked.url!.split('/')[1]!]!(response));
    host.listen(0, '127.0.0.1');
    await once(host, 'listening');
    const { port } = host.address() as AddressInfo;
    const told = await python('answers.py', `http://127.0.0.1:${port}`, ...Object.keys(answers));
    expect(told).toEqual({
      page: ['E_PROTOCOL', expect.stringContaining('without JSON')],
      list: ['E_PROTOCOL', expect.stringContaining("status 200 with '[1]'")],
      error: ['E_BUSY', 'Busy. [E_BUSY]'],
      text: ['E_PROTOCOL', expect.stringContaining("status 200 with 'busy'")],
      status: ['E_PROTOCOL', expect.stringContaining('status 502')],
      half: ['E_CONNECTION', expect.stringContaining('closed the connection')],
      nothing: ['E_CONNECTION', expect.stringContaining('closed the connection')],
    });
    host.close();
  });

  test.skipIf(!process.env.LEA_SB3)('Stable-Baselines3 learns on it (LEA_SB3=1)', async () => {
    const own = await stepEnvironment(world, { horizon: 5, historyUpdate: 'always', reward: 'standardized' });
    const host = await serveEnvironment(own);
    const { sb3 } = await python('check.py', host.url, '--sb3');
    expect(sb3.after).toBeGreaterThan(sb3.before);
    await host.dispose();
  });
});
