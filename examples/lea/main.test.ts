import { expect, it } from 'vitest';
import { main } from './main.ts';

it('runs as it stands', async () => {
  const { first, table } = await main({ users: 120, items: 40 }, [0, 1], 20);
  expect(first.interval[0]).toBeLessThan(first.interval[1]!);
  expect(table.map((row) => row['LEA minus'])).toEqual([
    'plain',
    'ids only',
    'random positives',
    'shuffled rewards',
    'EASE',
  ]);
  for (const row of table) {
    expect(row['over users']).toMatch(/^-?0\.\d{3} to -?0\.\d{3}$/);
    expect(row).toMatchObject({ users: first.users, seeds: 2 });
  }
});
