import { expect, it } from 'vitest';
import { main } from './main.ts';

it('runs as it stands', async () => {
  const lines = await main();
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.join('\n')).toMatch(/NDCG@10 0\.\d{4}/);
  expect(lines.at(-1)).toMatch(/\d+ items kept, 0 added, 0 removed/);
});
