import { expect, it } from 'vitest';
import { main } from './main.ts';

it('both together rank better than either, and learn while they serve', async () => {
  const lines = await main();
  const [network, memory, both] = lines.slice(0, 3).map((line) => Number(line.split(' ').at(-1)));
  expect(both).toBeGreaterThan(network!);
  expect(both).toBeGreaterThan(memory!);
  const [, before, after] = /place (\d+) stands on place (\d+) /.exec(lines.at(-1)!)!.map(Number);
  expect(before).toBe(60);
  expect(after).toBeLessThan(10);
});
