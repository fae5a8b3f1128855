import type { ChildProcess } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { lockFolder } from '../experiment/lock.ts';
import { bench, miniFolder, start } from '../testing/bench.ts';
import { hasRedis, type RedisServer, startRedis } from '../testing/redis.ts';
import type { Status } from './status.ts';

const agent = { type: 'ce', encoder: { type: 'gru4rec', width: 8 } };
const train = { batch: 16, maxSteps: 12, evaluateEvery: 2, patience: 20 };
const world = { type: 'world', users: 40, items: 30 };

const folderOf = (runs: Record<string, unknown>[]): string =>
  miniFolder((config) => ({ ...config, dataset: world, baselines: [{ type: 'popularity' }], environments: {}, runs }));

/** Ends what a test started, in reverse. */
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function redisOf(password?: string): Promise<RedisServer> {
  const server = await startRedis(password);
  ends.push(() => server.remove());
  return server;
}

function begin(...given: Parameters<typeof start>): ReturnType<typeof start> {
  const started = start(...given);
  ends.push(() => started.child.kill('SIGKILL'));
  return started;
}

async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await met())) await sleep(50);
}

describe.skipIf(!hasRedis)('on a real server (redis-server on the PATH)', { timeout: 600_000 }, () => {
  test('a job that fails does not end the others; it is told with its error and the command that repeats it', async () => {
    const folder = folderOf([
      { name: 'plain', agent, train },
      { name: 'broken', agent, train: { ...train, maxSteps: 11 } },
      { name: 'memory', network: 'broken', base: 'plain', memory: {} },
    ]);
    const { stdout } = await bench(['plan', 'mini.json', '--json'], folder);
    const jobs = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; name: string });
    const idOf = (name: string): string => jobs.find((job) => job.name === name)!.id;
    // In the place of what is to be written.
    const obstacle = join(folder, 'runs', 'mini', idOf('broken'), 'config.json');
    mkdirSync(obstacle, { recursive: true });
    const queue = ['--queue', `redis://127.0.0.1:${(await redisOf()).port}`];
    const worker = begin(['worker', ...queue], folder);

    const first = await bench(['run', 'mini.json', ...queue, '--json'], folder);
    expect(first.code).toBe(1);
    const names = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).name as string);
    expect(names.toSorted()).toEqual(['plain', 'popularity']);
    expect(first.stderr).toMatch(/^\[1\/4\] .* \.\.\.$/m);
    expect(first.stderr).toMatch(/^\[\d\/4\] plain: NDCG@10 \.\d+/m);
    expect(first.stderr).toMatch(new RegExp(`^Failed: ${idOf('broken')}: E_FILE_WRITE: .*config\\.json`, 'm'));
    expect(first.stderr).toContain(
      `  To repeat it, run: npm run bench -- work mini.json --run ${idOf('broken')} --runs runs\n`,
    );
    expect(first.stderr).toContain(`Failed: ${idOf('memory')}: it reads the result of a job that failed`);
    expect(first.stderr.match(/To repeat it/g)).toHaveLength(1);

    const table = await bench(['status', ...queue], folder);
    expect(table.stdout).toContain('1 workers, 0 jobs running, 0 ready, 1 failed.');
    expect(table.stdout).toMatch(new RegExp(`${idOf('broken')} .*failed .*E_FILE_WRITE`));

    rmSync(obstacle, { recursive: true });
    const second = await bench(['run', 'mini.json', ...queue, '--json'], folder);
    expect([second.code, second.stdout.trim().split('\n').length]).toEqual([0, 4]);
    worker.child.kill('SIGINT');
    expect((await worker.ended).code).toBe(130);
  });

  test('Ctrl-C on a worker saves and gives the job back; on the producer it leaves the queue; no password is seen', async () => {
    const folder = folderOf([{ name: 'plain', agent, train: { ...train, maxSteps: 100_000, patience: 100_000 } }]);
    const server = await redisOf('s3cret');
    const env = { LEA_QUEUE: `redis://:s3cret@127.0.0.1:${server.port}` };
    const worker = begin(['worker'], folder, env);
    const producer = begin(['run', 'mini.json'], folder, env);
    const checkpoint = () => globSync('runs/mini/plain-*/checkpoint.safetensors', { cwd: folder })[0];
    await until(() => checkpoint() !== undefined);
    const status = async (): Promise<Status> => JSON.parse((await bench(['status', '--json'], folder, env)).stdout);
    expect(await status()).toMatchObject({ workers: 1, running: 1, waiting: 0, failed: 0 });
    expect((await status()).jobs[0]).toMatchObject({ title: 'plain', state: 'running' });

    const child = childOf(worker.child);
    for (const pid of [worker.child.pid!, child, producer.child.pid!]) {
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('s3cret');
    }
    expect(readFileSync(`/proc/${child}/environ`, 'utf8')).not.toContain('s3cret');

    producer.child.kill('SIGINT');
    const produced = await producer.ended;
    expect(produced.code).toBe(130);
    expect(produced.stderr).toContain('The queue stays, and workers go on with the jobs that are in it.');
    expect(produced.stderr).toContain('npm run bench -- run mini.json\n');

    worker.child.kill('SIGINT');
    const worked = await worker.ended;
    expect(worked.code).toBe(130);
    expect(await status()).toMatchObject({ workers: 0, running: 0, waiting: 1, failed: 0 });
    const job = join(folder, checkpoint()!, '..');
    const events = readFileSync(join(job, 'events.jsonl'), 'utf8').trim().split('\n');
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ type: 'stopped' });

    // Another process works on the job: it is tried again later.
    const lock = await lockFolder(job);
    const other = begin(['worker'], folder, env);
    await until(async () => (await status()).delayed === 1);
    lock.release();
    const resumed = () => readFileSync(join(job, 'events.jsonl'), 'utf8').includes('"resumedFrom"');
    await until(resumed);
    expect(existsSync(join(job, 'record.json'))).toBe(false);
    other.child.kill('SIGINT');

    const said = [produced, worked, await other.ended].flatMap(({ stdout, stderr }) => [stdout, stderr]).join();
    expect(said).toContain(`redis://127.0.0.1:${server.port}`);
    expect(said).not.toContain('s3cret');
    const files = globSync('**', { cwd: folder }).map((path) => join(folder, path));
    for (const path of files.filter((path) => statSync(path).isFile())) {
      expect(readFileSync(path, 'latin1'), path).not.toContain('s3cret');
    }
  });
});

/** The process of a worker's job. */
function childOf({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}
