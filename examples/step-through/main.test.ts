import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { main } from './main.ts';

it('runs as it stands', async () => {
  const lines = await main({ users: 150, items: 40 }, 60);
  expect(lines).toHaveLength(4);
  const returns = lines.map((line) => Number(/return (\d+\.\d+) \(± \d+\.\d+\), \d+\.\d steps$/.exec(line)![1]));
  expect(returns[0]).toBeLessThan(Math.min(...returns.slice(1)));
});

it('is what docs/step-through.md shows', async () => {
  const read = (file: string) => readFile(join(import.meta.dirname, file), 'utf8');
  const code = (await read('main.ts')).replace(/^ +/gm, '');
  const [, shown] = /^```ts main\.ts\n(.*?)^```/ms.exec(await read('../../docs/step-through.md'))!;
  expect(code).toContain(shown!.replace(/^ +/gm, ''));
});
