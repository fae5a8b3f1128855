import { expect, it } from 'vitest';
import { main } from './main.ts';

it('runs as it stands', async () => {
  const lines = await main({ users: 150, items: 40 }, 60);
  expect(lines).toHaveLength(4);
  const returns = lines.map((line) => Number(/return (\d+\.\d+) \(± \d+\.\d+\), \d+\.\d steps$/.exec(line)![1]));
  expect(returns[0]).toBeLessThan(Math.min(...returns.slice(1)));
});
