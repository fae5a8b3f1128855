import { describe, expect, test } from 'vitest';
import { bench, miniFolder } from './testing/bench.ts';

describe('bad input', () => {
  test.each([
    ['a misspelt key', ['run', 'mini.json'], /mini\.json.*"windoww".*Did you mean "window"\?/s],
    ['a misspelt command', ['sped'], /Did you mean "speed"\?/],
    ['missing data', ['run', 'industrial', '--data', 'nowhere'], /E_DATA_MISSING.*CoWPiRec.*--data DIR/s],
  ])('%s: one paragraph, no stack', async (_, args, message) => {
    const folder = miniFolder((config) => ({ ...config, window: undefined, windoww: 5 }));
    const { code, stdout, stderr } = await bench(args, folder);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});

test('speed prints a line per catalog and pair; a pair that fails does not stop the others', async () => {
  const flags = '--items 50,80 --agent sqm,sa2c --batch 8 --steps 2 --rounds 2 --threads 1'.split(' ');
  const { stdout, stderr, code } = await bench(['speed', ...flags], miniFolder());
  const measured = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(measured.map(({ agent, items }) => [agent, items])).toEqual([
    ['sqm', 50],
    ['sa2c', 50],
    ['sqm', 80],
    ['sa2c', 80],
  ]);
  for (const line of measured.filter(({ agent }) => agent === 'sqm')) expect(line.error).toMatch(/"sqn"/);
  for (const line of measured.filter(({ agent }) => agent === 'sa2c')) {
    expect(line).toMatchObject({ encoder: 'sasrec', phase: 'advantage', batch: 8, threads: 1 });
    expect(line.msPerStep).toBeGreaterThanOrEqual(line.msPerStepMin as number);
    expect(line.peakMemoryMB).toBeGreaterThan(0);
  }
  expect(stderr).toContain('E_TYPE_UNKNOWN');
  expect(stderr).toContain('ms/step'); // the table
  expect(code).toBe(1);
});

test('speed env prints JSON lines, whoever reads', async () => {
  const flags = ['--models', '260K', '--tasks', 'item tokens', '--rounds', '1', '--threads', '1'];
  const { stdout, stderr, code } = await bench(['speed', 'env', ...flags], miniFolder());
  const [line, ...more] = stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(line).toMatchObject({ what: 'item tokens', shape: '260K', engine: 'lea', rounds: 1 });
  expect(line!.tokensPerSecond).toBeGreaterThan(0);
  expect(line!.peakMemoryMB).toBeGreaterThan(0);
  expect(more).toEqual([]);
  expect(stderr).toContain('ms/step');
  expect(code).toBe(0);
});
