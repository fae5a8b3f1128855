import { request } from 'node:http';
import { createWorld } from '@lea/data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EnvironmentServer, type ServeEnvironmentOptions, serveEnvironment } from './serve-environment.ts';
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
    await expect(serveEnvironment(env, { prt: 1 } as Partial<ServeEnvironmentOptions>)).rejects.toThrow(
      'Did you mean "port"?',
    );
    await expect(serveEnvironment(env, { port: server.port })).rejects.toMatchObject({
      code: 'E_PORT',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });
});
