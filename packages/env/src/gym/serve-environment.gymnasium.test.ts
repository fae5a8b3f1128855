import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createWorld } from '@lea/data';
import { beforeAll, describe, expect, test } from 'vitest';
import { serveEnvironment } from './serve-environment.ts';
import { stepEnvironment } from './step-environment.ts';
import type { StepEnvironment } from './types.ts';

const world = createWorld({ users: 30, items: 12, tastes: 3, seed: 1 });
let env: StepEnvironment;

beforeAll(async () => {
  env = await stepEnvironment(world, { horizon: 4, patience: 3 });
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
