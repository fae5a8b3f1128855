import { expect, it } from 'vitest';
import { main } from './main.ts';

it('runs as it stands', async () => {
  const [before, after, config] = await main();
  expect(before).toMatch(/: (\d+, ){4}\d+$/);
  expect(after!.split(': ')[1]).toBe(before!.split(': ')[1]);
  expect(JSON.parse(config!)).toMatchObject({
    type: 'iql',
    expectile: 0.8,
    encoder: { type: 'recency-pool', width: 32 },
  });
});
