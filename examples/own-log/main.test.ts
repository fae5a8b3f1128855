import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('runs as it stands, on the sample log', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'own-log-'));
  const run = (file: string) =>
    promisify(execFile)(process.execPath, ['--conditions=@lea/source', join(import.meta.dirname, file)], { cwd });
  await run('sample.ts');
  const { stdout } = await run('main.ts');
  expect(stdout).toMatch(/SASRec NDCG@10 0\.\d+ popularity NDCG@10 0\.\d+\nafter \[ 'S\d+'/);
  expect(stdout).toMatch(/kept: \d+, added: 0, removed: 0/);
  await rm(cwd, { recursive: true });
});
