import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bench, miniFolder } from '../testing/bench.ts';

test('every command names the folder of a cut record, and nothing else, as what to delete', {
  timeout: 600_000,
}, async () => {
  const folder = miniFolder((config) => ({
    ...config,
    dataset: { type: 'world', users: 40, items: 30 },
    baselines: [{ type: 'popularity' }],
    environments: {},
    runs: [],
  }));
  expect((await bench(['run', 'mini.json'], folder)).code).toBe(0);
  const id = readdirSync(join(folder, 'runs', 'mini')).find((name) => name.startsWith('popularity'))!;
  const broken = join(folder, 'runs', 'mini', id);
  truncateSync(join(broken, 'record.json'), 100);
  for (const command of ['plan', 'work', 'collect', 'run']) {
    const { code, stderr } = await bench([command, 'mini.json', ...(command === 'work' ? ['--run', id] : [])], folder);
    expect([code, stderr], command).toEqual([1, expect.stringContaining('E_RUN_BROKEN')]);
    expect(stderr, command).toContain(`Got "${broken}". Delete the folder to create it again.`);
    expect(stderr.match(/Delete/g), command).toHaveLength(1);
  }
});
