import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { expect, test } from 'vitest';
import type { PlannedJob } from '../jobs/graph.ts';
import { createLedger } from './ledger.ts';

const root = mkdtempSync(join(tmpdir(), 'lea-ledger-'));
const job = (id: string, ...after: PlannedJob[]): PlannedJob =>
  ({ id, kind: 'annotation', after, folder: join(root, id) }) as unknown as PlannedJob;

function finish({ folder }: PlannedJob): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'record.json'), '{}');
}

function ledgerOf(jobs: PlannedJob[], onFinished = async (_job: PlannedJob) => {}) {
  const said: string[] = [];
  const board = {
    show: (id: string, line: string) => void said.push(`show ${id}: ${line}`),
    end: (id: string, line?: string) => void said.push(`end ${id}: ${line ?? ''}`),
    say: (line: string) => void said.push(line),
  };
  return { ledger: createLedger(jobs, { titleOf: ({ id }) => id.toUpperCase(), board, onFinished }), said };
}

const idsOf = (jobs: readonly PlannedJob[]): string[] => jobs.map(({ id }) => id);

test('the folder of runs decides what is finished, each job once and with its number', async () => {
  const a = job('a1');
  const b = job('b1', a);
  const told: string[] = [];
  const { ledger, said } = ledgerOf([a, b], async ({ id }) => void told.push(id));
  expect(idsOf(ledger.ready())).toEqual(['a1']);
  ledger.show('a1', undefined);
  ledger.show('a1', 'half done');
  ledger.show('of another experiment', 'half done');
  finish(a);
  await ledger.lookAtFolder();
  await ledger.lookAtFolder();
  ledger.show('a1', 'late');
  ledger.fail('a1', 'late');
  expect(idsOf(ledger.ready())).toEqual(['b1']);
  finish(b);
  // Redis has an old failure of a job that is finished by now.
  ledger.fail('b1', 'late');
  expect(ledger.isDone()).toBe(false);
  await ledger.lookAtFolder();
  expect(ledger.isDone()).toBe(true);
  expect(ledger.failures()).toEqual([]);
  expect(told).toEqual(['a1', 'b1']);
  expect(said).toEqual([
    'show a1: [1/2] A1 ...',
    'show a1: [1/2] half done',
    'end a1: [1/2] A1: saved',
    'end b1: [2/2] B1: saved',
  ]);
});

test('a failed job is not ready again; those that read it fail, and the others go on', async () => {
  const a = job('a2');
  const [b, c, d] = [job('b2', a), job('c2'), job('d2')];
  const { ledger, said } = ledgerOf([a, b, c, d], async ({ id }) => {
    if (id === 'd2') throw new LeaError('E_RUN_BROKEN', 'Damaged.');
  });
  ledger.fail('a2', 'E_SOME: It broke.');
  finish(d);
  await ledger.lookAtFolder();
  expect(idsOf(ledger.ready())).toEqual(['c2']);
  expect(said).toContain('A2 failed: E_SOME: It broke.');
  expect(ledger.failures()).toEqual([
    { job: a, reason: 'E_SOME: It broke.' },
    { job: b, reason: 'it reads the result of a job that failed' },
    { job: d, reason: 'E_RUN_BROKEN: Damaged.' },
  ]);
});
