import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PlannedJob } from '../jobs/graph.ts';
import { knownQueueName, queueName } from './name.ts';
import { forgetFailures } from './producer.ts';
import { received, taskOf } from './task.ts';

const job = { id: 'plain-s0-abc', folder: '/here/study/runs/mini/plain-s0-abc' } as PlannedJob;

test('a worker finds config, data and job wherever the folder of runs is mounted, and gets all flags', () => {
  const flags = { seed: '0,1', threads: '3', search: true };
  const study = {
    experiment: '/here/study/my.json',
    config: '/here/study/runs/mini/config-1.json',
    data: '/here/data',
    runs: '/here/study/runs',
    ...flags,
  };
  const task = taskOf(job, 'plain', study);
  expect(received(JSON.parse(JSON.stringify(task)), '/there/runs')).toEqual({
    study: {
      experiment: '/there/my.json',
      config: '/there/runs/mini/config-1.json',
      data: '/data',
      runs: '/there/runs',
      ...flags,
    },
    title: 'plain',
    folder: '/there/runs/mini/plain-s0-abc',
  });
});

test('a preset stays a name, and a file that is called like one does not become it', () => {
  const runs = '/here/study/runs';
  const of = (experiment: string) => received(taskOf(job, 'plain', { experiment, runs }), runs).study.experiment;
  expect(of('quick')).toBe('quick');
  expect(of('/here/study/runs/quick')).toBe('/here/study/runs/quick');
});

test('a job of another form is refused', () => {
  expect(() => received({ title: 'plain' }, 'runs')).toThrow();
  expect(() => received({ ...taskOf(job, 'a', { experiment: 'quick', runs: 'runs' }), shell: 'rm' }, 'runs')).toThrow();
});

test('a folder of runs has one queue, whoever comes first, and no other folder has it', async () => {
  const folder = () => join(mkdtempSync(join(tmpdir(), 'lea-queue-')), 'runs');
  const [one, two] = [folder(), folder()];
  const named = await Promise.all(Array.from({ length: 8 }, () => queueName(one)));
  const names = new Set(named.map(({ name }) => name));
  expect(names).toEqual(new Set([`lea-${readFileSync(join(one, 'queue-id'), 'utf8')}`]));
  // One of them was the first.
  expect(named.filter(({ isNew }) => isNew)).toEqual([{ name: [...names][0], isNew: 'folder' }]);
  expect(names).not.toContain((await queueName(two)).name);
});

test('who only looks at a queue makes none, and a folder that is not there is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-queue-'));
  expect(await knownQueueName(folder)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
  await expect(knownQueueName(join(folder, 'typo'))).rejects.toMatchObject({ code: 'E_RUNS_MISSING' });
  expect(readdirSync(folder)).toEqual([]);
  const { name, isNew } = await queueName(folder);
  expect(isNew).toBe('queue');
  expect(await knownQueueName(folder)).toBe(name);
  expect(await queueName(folder)).toEqual({ name, isNew: undefined });
});

test('a producer forgets the failures of its jobs, and those that its config no longer has', async () => {
  const study = { experiment: 'study.json', runs: 'runs', seed: '0,1' };
  const other = { ...study, seed: '2' };
  const failed = [
    { id: job.id, data: taskOf(job, 'a', other) },
    { id: 'old', data: taskOf(job, 'a', { ...study, config: 'runs/config-0.json' }) },
    { id: 'of another command', data: taskOf(job, 'a', other) },
  ];
  const removed: string[] = [];
  const queue = { getJobs: async () => failed, remove: async (id: string) => removed.push(id) };
  await forgetFailures(queue as never, [job], study);
  expect(removed).toEqual([job.id, 'old']);
});
