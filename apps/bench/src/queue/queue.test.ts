import type { ChildProcess } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { loadExperiment } from '../config/load.ts';
import { lockFolder } from '../experiment/lock.ts';
import { type PlanOptions, planExperiment } from '../jobs/planned.ts';
import { runExperiment } from '../jobs/run.ts';
import { bench, miniFolder, start } from '../testing/bench.ts';
import { hasRedis, type RedisServer, startRedis } from '../testing/redis.ts';
import { type Address, addressOf } from './address.ts';
import { queueCrew } from './producer.ts';
import { statusOf } from './status.ts';

const agent = { type: 'ce', encoder: { type: 'gru4rec', width: 8 } };
const train = { batch: 16, maxSteps: 12, evaluateEvery: 2, patience: 20 };
const world = { type: 'world', users: 40, items: 30 };

const folderOf = (runs: Record<string, unknown>[]): string =>
  miniFolder((config) => ({ ...config, dataset: world, baselines: [], environments: {}, runs }));

function optionsOf(folder: string): PlanOptions {
  const out = new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream;
  return { data: undefined, runs: join(folder, 'runs'), out, signal: new AbortController().signal };
}

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

describe.skipIf(!hasRedis)('on a real server (redis-server on the PATH)', { timeout: 900_000 }, () => {
  test('a job that fails does not end the others; it is told with its error and the command that repeats it', async () => {
    const folder = folderOf([
      { name: 'plain', agent, train },
      { name: 'broken', agent, train: { ...train, maxSteps: 11 } },
      { name: 'memory', network: 'broken', base: 'plain', memory: {} },
    ]);
    const experiment = join(folder, 'mini.json');
    const options = optionsOf(folder);
    const { jobs } = await planExperiment(await loadExperiment(experiment), options);
    const [, broken, memory] = jobs.map(({ id }) => id);
    // In the place of what is to be written.
    const obstacle = join(jobs[1]!.folder, 'config.json');
    mkdirSync(obstacle, { recursive: true });
    const { port } = await redisOf();
    const queue = ['--queue', `redis://127.0.0.1:${port}`];
    begin(['worker', ...queue], folder);

    const { code, stdout, stderr } = await bench(['run', 'mini.json', ...queue, '--json'], folder);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'plain' });
    expect(stderr).toMatch(/^\[1\/3\] .* \.\.\.$/m);
    expect(stderr).toMatch(/^\[\d\/3\] plain: NDCG@10 \.\d+/m);
    expect(stderr).toMatch(
      new RegExp(
        `^Failed: ${broken}: E_FILE_WRITE: .*config\\.json.*\n` +
          `  To repeat it, run: npm run bench -- work mini.json --run ${broken} --runs runs\n` +
          `Failed: ${memory}: it reads the result of a job that failed\n$`,
        'm',
      ),
    );

    const table = await bench(['status', ...queue], folder);
    expect(table.stdout).toContain('1 worker, 0 jobs running, 0 ready, 1 failed.');
    expect(table.stdout).toMatch(new RegExp(`${broken} .*failed .*E_FILE_WRITE`));

    rmSync(obstacle, { recursive: true });
    const crew = queueCrew(addressOf(queue[1])!, { experiment, runs: options.runs });
    const again = await runExperiment(await loadExperiment(experiment), { ...options, onFinished: () => {}, crew });
    expect(again.failures).toEqual([]);
    expect(again.runs.map(({ record }) => record.name)).toEqual(['plain', 'broken', 'memory']);

    // Where all is finished, nobody asks for a queue.
    const unused = () => Promise.reject(new Error('asked'));
    const last = await runExperiment(await loadExperiment(experiment), { ...options, onFinished() {}, crew: unused });
    expect(last.runs).toHaveLength(3);
  });

  test('a folder of runs that is missing, or cannot be written to, ends a command', async () => {
    const folder = folderOf([{ name: 'plain', agent, train }]);
    const { port } = await redisOf();
    const queue = ['--queue', `redis://127.0.0.1:${port}`];
    const status = await bench(['status', '--runs', 'typo', ...queue], folder);
    expect([status.code, status.stderr]).toEqual([1, expect.stringMatching(/E_RUNS_MISSING: .*typo/)]);
    expect(existsSync(join(folder, 'typo'))).toBe(false);
    for (const command of [['worker'], ['run', 'mini.json']]) {
      const { code, stderr } = await bench([...command, '--runs', '/proc/lea', ...queue], folder);
      expect([code, stderr]).toEqual([1, expect.stringContaining('E_FILE_WRITE')]);
    }
  });

  test('Ctrl-C on a worker saves and gives the job back; on the producer it leaves the queue; no password is seen', async () => {
    const folder = folderOf([{ name: 'plain', agent, train: { ...train, maxSteps: 100_000, patience: 100_000 } }]);
    const server = await redisOf('s3cret');
    const env = { LEA_QUEUE: `redis://:s3cret@127.0.0.1:${server.port}` };
    const worker = begin(['worker'], folder, env);
    const producer = begin(['run', 'mini.json'], folder, env);
    const checkpoint = () => globSync('runs/mini/plain-*/checkpoint.safetensors', { cwd: folder })[0];
    await until(() => checkpoint() !== undefined);
    const status = () => statusOf(addressOf(undefined, env.LEA_QUEUE) as Address, join(folder, 'runs'));
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
