import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

test('folders that killed processes left are removed after a day, others stay', async () => {
  const [left, recent, foreign] = ['lea-duckdb-left', 'lea-duckdb-recent', 'other-left'].map((name) =>
    join(tmpdir(), name),
  ) as [string, string, string];
  for (const folder of [left, recent, foreign]) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'rows.tmp'), 'rows');
  }
  const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600;
  for (const folder of [left, foreign]) utimesSync(folder, twoDaysAgo, twoDaysAgo);
  const own = await temporaryFolder();
  expect([left, recent, foreign, own].map((folder) => existsSync(folder))).toEqual([false, true, true, true]);
  for (const folder of [recent, foreign, own]) rmSync(folder, { recursive: true });
});
