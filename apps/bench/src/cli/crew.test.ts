import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type MiniConfig, miniFolder, start } from '../testing/bench.ts';
import { hasRedis, startRedis } from '../testing/redis.ts';

const agent = { type: 'ce', encoder: { type: 'gru4rec', width: 8 } };
const train = { batch: 16, maxSteps: 12, evaluateEvery: 2, patience: 20 };
const config = (mini: MiniConfig) => ({
  ...mini,
  dataset: { type: 'world', users: 40, items: 30 },
  baselines: [],
  environments: {},
  runs: ['one', 'two', 'three'].map((name) => ({ name, agent, train })),
});
const search = {
  method: 'random',
  trials: 3,
  budget: { steps: 12 },
  runs: { one: { 'agent.lr': [0.01, 0.02, 0.03] } },
};

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Runs a command whose config is edited as soon as its first job has begun. */
async function edited(folder: string, words: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const { child, ended } = start(words, folder);
  ends.push(() => child.kill('SIGKILL'));
  while (globSync('runs/mini/{,search/}*-s0-*', { cwd: folder }).length === 0) await sleep(5);
  const path = join(folder, 'mini.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"window": 5', '"window": 4'));
  return ended;
}

const records = (folder: string) => globSync('runs/mini/*/record.json', { cwd: folder });

test('jobs are those of the config at the start, whatever it is by now', { timeout: 300_000 }, async () => {
  const folder = miniFolder(config);
  const { code, stderr } = await edited(folder, ['run', 'mini.json', '--jobs', '1']);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('Failed')]);
  expect(records(folder)).toHaveLength(3);
  const [copy] = globSync('runs/mini/config-*.json', { cwd: folder });
  expect(JSON.parse(readFileSync(join(folder, copy!), 'utf8'))).toMatchObject({ window: 5 });
});

test('so are the trials of a search, and the best config', { timeout: 300_000 }, async () => {
  const folder = miniFolder((mini) => ({ ...config(mini), search }));
  const { code, stderr } = await edited(folder, ['search', 'mini.json', '--jobs', '1']);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('Failed')]);
  expect(JSON.parse(readFileSync(join(folder, 'mini.best.json'), 'utf8'))).toMatchObject({ window: 5 });
});

test.skipIf(!hasRedis)('and the jobs of a queue (redis-server on the PATH)', { timeout: 300_000 }, async () => {
  const folder = miniFolder(config);
  const server = await startRedis();
  ends.push(() => server.remove());
  const queue = ['--queue', `redis://127.0.0.1:${server.port}`];
  const worker = start(['worker', ...queue], folder);
  ends.push(() => worker.child.kill('SIGKILL'));
  const { code, stderr } = await edited(folder, ['run', 'mini.json', ...queue]);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('Failed')]);
  expect(records(folder)).toHaveLength(3);
  expect(existsSync(join(folder, 'report.html'))).toBe(true);
});
