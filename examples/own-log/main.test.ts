import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

let cwd: string;
const run = async (file: string) => {
  const args = ['--conditions=@lea/source', join(import.meta.dirname, file)];
  return (await promisify(execFile)(process.execPath, args, { cwd })).stdout;
};
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'own-log-'));
  await run('sample.ts');
});
afterAll(() => rm(cwd, { recursive: true }));

it('runs as it stands, on the sample log', async () => {
  const stdout = await run('main.ts');
  expect(stdout).toMatch(/SASRec NDCG@10 0\.\d+ popularity NDCG@10 0\.\d+\nafter \[ 'S\d+'/);
  expect(stdout).toMatch(/kept: \d+, added: 0, removed: 0/);
});

it('estimates the value of a policy, and prints the lines of docs/off-policy.md', async () => {
  const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'off-policy.md'), 'utf8');
  expect(page).toContain(`\`\`\`text\n${await run('off-policy.ts')}\`\`\`\n`);
});
