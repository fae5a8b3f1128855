import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Redis server of our own, on a free port. */
export interface RedisServer {
  readonly port: number;
  /** Ends it at once, as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again on the same port. @param lost without its data */
  restart(lost: boolean): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

/** Whether `redis-server` is on the PATH. Tests with it read what Linux tells about processes. */
export const hasRedis: boolean = process.platform === 'linux' && spawnSync('redis-server', ['--version']).status === 0;

/** Starts a server that writes each change to its log. */
export async function startRedis(password?: string): Promise<RedisServer> {
  const port = await freePort();
  let dir = '';
  let server: ChildProcess | undefined;
  const begin = async (): Promise<void> => {
    server = spawn('redis-server', ['-'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, 'appendonly yes', 'save ""', 'loglevel warning'];
    server.stdin!.end([...lines, ...(password === undefined ? [] : [`requirepass ${password}`])].join('\n'));
    while (!/^(\+PONG|-NOAUTH)/.test(await ask(port))) await sleep(20);
  };
  const kill = async (): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  const forget = (): void => {
    rmSync(dir, { recursive: true, force: true });
    dir = '';
  };
  const fresh = (): void => {
    dir = mkdtempSync(join(tmpdir(), 'lea-redis-'));
  };
  fresh();
  await begin();
  return {
    port,
    kill,
    async restart(lost) {
      await kill();
      if (lost) {
        forget();
        fresh();
      }
      await begin();
    },
    async remove() {
      await kill();
      forget();
    },
  };
}

/** What a server answers to PING; nothing while it is not there. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once('error', () => resolve(''));
    socket.once('close', () => resolve(''));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
