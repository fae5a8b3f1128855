import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createWorld } from '@lea/data';
import { expect, it } from 'vitest';

const example = join(import.meta.dirname, 'main.ts');

it('runs as it stands', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'));
  const { interactions: log, itemTexts } = createWorld({ users: 30, items: 30 });
  const kinds = log.kinds.map((kind) => (kind === 'purchase' ? 'transaction' : 'view'));
  const events = Array.from(log.item, (item, at) =>
    [log.userIds[log.user[at]!], log.itemIds[item], log.time[at], kinds[log.kind[at]!]].join(','),
  );
  const items = itemTexts.texts.map((text, item) => `${log.itemIds[item]},"${text}",Acme`);
  await writeFile(join(folder, 'events.csv'), ['visitor,sku,at,event', ...events].join('\n'));
  await writeFile(join(folder, 'items.csv'), ['sku,title,brand', ...items].join('\n'));

  const run = promisify(execFile)(process.execPath, ['--conditions=@lea/source', example], { cwd: folder });
  const printed = (await run).stdout.trim().split('\n').map(Number);
  expect(printed).toEqual([expect.any(Number), expect.any(Number)]);
  for (const ndcg of printed) expect(ndcg).toBeGreaterThan(0);
  for (const policy of ['policy', 'taught']) {
    expect(await readdir(join(folder, policy))).toEqual(['items.json', 'policy.json', 'weights.safetensors']);
  }
  await rm(folder, { recursive: true });
}, 600_000);
