import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentHash } from '@lea/core';
import { readSealed, writeSealed } from '@lea/core/node';
import { averages, type Evaluation } from '@lea/eval';
import { expect, test } from 'vitest';
import { loadRun, type RunRecord, recordPath, saveRun } from './record.ts';

const kinds = ['click', 'purchase'];

function evaluationOf(ranks: number[]): Evaluation {
  const kind = Uint8Array.from(ranks, () => 0);
  const all = Int32Array.from(ranks);
  return {
    name: 'run',
    ranks: all,
    target: Int32Array.from(ranks, (_, i) => i),
    user: Int32Array.from(ranks, () => 3),
    kind,
    kinds,
    metrics: averages(all, kind, kinds, [5, 10]),
    events: ranks.length,
    protocol: { ranking: 'full catalog', items: 9, exclude: 'none', window: 5, events: ranks.length, users: 1 },
  };
}

async function savedRun(ranks = [1, 3, 20]): Promise<{ id: string; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'lea-record-'));
  const evaluation = evaluationOf(ranks);
  const { metrics, kind, target, user } = evaluation;
  const ranksHash = contentHash(evaluation.ranks, target, user, kind, kinds);
  const protocol = { evaluation: evaluation.protocol };
  await saveRun(folder, { id: 'run-1', name: 'run', metrics, ranksHash, protocol } as unknown as RunRecord, evaluation);
  return { id: 'run-1', folder };
}

const broken = (folder: string, message: RegExp) => ({
  code: 'E_RUN_BROKEN',
  value: folder,
  hint: 'Delete the folder to create it again.',
  message: expect.stringMatching(message),
});

test('a whole run is read: hr@5 2/3, no purchase', async () => {
  const run = (await loadRun(await savedRun()))!;
  expect([...run.evaluation.ranks]).toEqual([1, 3, 20]);
  expect(run.record.metrics['hr@5']).toBeCloseTo(2 / 3, 12);
  expect(run.record.metrics['hr@5/purchase']).toBeNull();
  expect(await loadRun({ id: 'run-1', folder: join(run.record.id, 'none') })).toBeUndefined();
});

test('one flipped bit of a metric or of a rank is told with the folder to delete', async () => {
  for (const name of ['record.json', 'ranks.safetensors']) {
    const job = await savedRun();
    const path = join(job.folder, name);
    const bytes = readFileSync(path);
    const at = name === 'record.json' ? bytes.indexOf('0.6666') + 2 : bytes.length - 1;
    bytes[at]! ^= 1;
    writeFileSync(path, bytes);
    await expect(loadRun(job)).rejects.toMatchObject(broken(job.folder, /changed since it was written/));
  }
});

test('whole files that do not belong together are refused', async () => {
  const [job, other] = [await savedRun(), await savedRun([1, 3, 19])];
  copyFileSync(join(other.folder, 'ranks.safetensors'), join(job.folder, 'ranks.safetensors'));
  await expect(loadRun(job)).rejects.toMatchObject(broken(job.folder, /ranks do not match its record/));
  await expect(loadRun({ ...other, id: 'run-2' })).rejects.toMatchObject(broken(other.folder, /a different id/));
  rmSync(join(other.folder, 'ranks.safetensors'));
  await expect(loadRun(other)).rejects.toMatchObject(broken(other.folder, /does not exist/));
  writeFileSync(recordPath(other.folder), '[]');
  await expect(loadRun(other)).rejects.toMatchObject(broken(other.folder, /not a JSON object/));
});

test('metrics are held against the ranks; a record from before there were hashes is taken', async () => {
  const job = await savedRun();
  const { ranksHash: _, ...record } = await readSealed(recordPath(job.folder));
  writeFileSync(recordPath(job.folder), JSON.stringify(record));
  expect((await loadRun(job))!.evaluation.events).toBe(3);
  const metrics = { ...(record.metrics as Record<string, number>), 'ndcg@10': 0.9 };
  await writeSealed(recordPath(job.folder), { ...record, metrics });
  await expect(loadRun(job)).rejects.toMatchObject(broken(job.folder, /do not give the ndcg@10/));
});
