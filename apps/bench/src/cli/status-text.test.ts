import { expect, test } from 'vitest';
import type { Status } from '../queue/status.ts';
import { statusText } from './status-text.ts';

const running = { id: 'plain-s0-0123456789', title: 'plain', state: 'running', worker: 'host:1', seconds: 3 } as const;
const failed = { ...running, id: 'broken-s0-0123456789', state: 'failed', worker: null, seconds: null } as const;
const error = `E_TRAIN_DIVERGED: Training diverged at step 2.5 of phase "train". Got 4. ${'Lower the rate. '.repeat(9)}`;
const status: Status = {
  isUsed: true,
  workers: 1,
  running: 1,
  waiting: 0,
  delayed: 0,
  failed: 1,
  jobs: [
    { ...running, said: `plain 75/100+ · at least 5.0 s left${' · validation'.repeat(20)}` },
    { ...failed, said: error },
  ],
};

test('a table of the queue fits the terminal, and whole errors are below it', () => {
  for (const columns of [100, 160]) {
    const lines = statusText(status, columns).split('\n');
    const table = lines.filter((line) => /^[│┌├└]/.test(line));
    expect(new Set(table.map((line) => line.length)).size).toBe(1);
    expect(table[0]!.length).toBeLessThanOrEqual(columns);
    expect(table.join()).toContain('plain 75/100+');
    const sum = '1 worker, 1 job running, 0 ready, 1 failed.';
    expect(lines.slice(table.length)).toEqual([`${failed.id}: ${error}`, sum, '']);
  }
  expect(statusText(status, 160)).toContain('E_TRAIN_DIVERGED: Training diverged at step 2.5 of phase "train". ');
});

test('a queue that nobody has used says so', () => {
  const unused = { ...status, isUsed: false, workers: 0, running: 0, failed: 0, jobs: [] };
  expect(statusText(unused)).toBe(
    '0 workers, 0 jobs running, 0 ready, 0 failed.\nNo worker and no run has used a queue for this folder of runs yet.\n',
  );
});
