import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { planOf } from '../experiment/plan.ts';
import { bench } from '../testing/bench.ts';
import { check } from './load.ts';
import { importPackages, type PackageVersions } from './packages.ts';
import { presets } from './presets/index.ts';

const example = fileURLToPath(new URL('../../../../examples/own-agent/bench.json', import.meta.url));
const ownData = fileURLToPath(new URL('../../../../examples/own-data/bench.json', import.meta.url));

/** The version of a linked package. */
const linked = expect.stringMatching(/^0\.1\.0\+[0-9a-f]{10}$/);

test('an agent and an encoder of a package that the config names are trained', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-bench-'));
  const { code, stdout, stderr } = await bench(['run', example, '--json'], folder);
  expect(stderr).toContain('pool-IQL');
  expect(code).toBe(0);
  const made = stdout.trim().split('\n').map((line) => JSON.parse(line)); // biome-ignore format: one line
  expect(made.map(({ name, steps }) => [name, steps])).toEqual([
    ['popularity', null],
    ['pool-CE', 40],
    ['pool-IQL', 40],
  ]);
  const runs = join(folder, 'runs', 'own-agent');
  const of = (name: string) => readdirSync(runs).find((run) => run.startsWith(name))!;
  const record = JSON.parse(readFileSync(join(runs, of('pool-iql'), 'record.json'), 'utf8'));
  expect(record.packages).toEqual({ '@lea-examples/own-agent': linked });
});

test('a data set, a baseline and a measure of a package that the config names are run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-bench-'));
  const { code, stdout, stderr } = await bench(['run', ownData, '--json'], folder);
  expect(code).toBe(0);
  const made = stdout.trim().split('\n').map((line) => JSON.parse(line)); // biome-ignore format: one line
  expect(made.map(({ name, dataset }) => [name, dataset])).toEqual([
    ['popularity', 'json-lines'],
    ['recent-popularity', 'json-lines'],
    ['CE', 'json-lines'],
  ]);
  for (const { metrics } of made) expect(metrics['rbp@10']).toBeGreaterThan(0);
  expect(stderr).toContain('The best trained policy by validation RBP@10 is CE:');
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  expect(page).toContain('<th>RBP@10</th>');
  expect(page).toContain('validation RBP@10, which also selects the best run');
  const runs = join(folder, 'runs', 'own-data');
  const of = (name: string) => readdirSync(runs).find((run) => run.startsWith(name))!;
  const { baseline, tuning, config } = JSON.parse(readFileSync(join(runs, of('recent'), 'record.json'), 'utf8'));
  expect(tuning.map(({ last }: { last: number }) => last).slice(0, 2)).toEqual([1, 3]);
  expect(baseline).toEqual({ type: 'recent-popularity', last: expect.any(Number) });
  expect(config).toMatchObject({
    config: { defaults: { last: 3 }, packages: { '@lea-examples/own-data': linked } },
    packages: { '@lea-examples/own-data': linked },
  });
  const again = await bench(['run', ownData, '--json'], folder);
  expect(again.stdout.trim().split('\n').map((line) => JSON.parse(line).reused)).toEqual([true, true, true]); // biome-ignore format: one line
});

test.each<[string, (config: Record<string, unknown>) => void, RegExp]>([
  [
    'data set',
    (c) => (c.dataset = { type: 'json-line' }),
    /at dataset\.type: .*"json-lines".*Did you mean "json-lines"\?/,
  ],
  [
    'option of a data set',
    (c) => (c.dataset = { type: 'json-lines', fil: 'x' }),
    /at dataset: .*Did you mean "file"\?/,
  ],
  [
    'value of a data set',
    (c) => (c.dataset = { type: 'json-lines', file: '' }),
    /at dataset: json-lines: file must be a path/,
  ],
  ['baseline', (c) => (c.baselines = [{ type: 'recent' }]), /at baselines\.0\.type: .*"recent-popularity"/],
  [
    'option of a baseline',
    (c) => (c.baselines = [{ type: 'recent-popularity', lst: 1 }]),
    /at baselines\.0: .*Did you mean "last"\?/,
  ],
  ['measure', (c) => (c.metrics = ['rpb@10']), /E_METRIC_UNKNOWN: .*at metrics: .*mrr, recall, precision, map, rbp/],
  [
    'place of a metric',
    (c) => (c.metrics = ['rbp@7']),
    /at metrics: rbp@7 has a cutoff that is not in "ks".*5, 10, 20/,
  ],
])('a %s that the package does not define is refused', async (_, change, message) => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-bench-'));
  const config = JSON.parse(readFileSync(ownData, 'utf8'));
  change(config);
  mkdirSync(join(folder, 'node_modules', '@lea-examples'), { recursive: true });
  symlinkSync(dirname(ownData), join(folder, 'node_modules', '@lea-examples', 'own-data'), 'junction');
  writeFileSync(join(folder, 'bench.json'), JSON.stringify(config));
  const { code, stderr } = await bench(['run', 'bench.json'], folder);
  expect(stderr).toMatch(message);
  expect(code).toBe(1);
});

test('another version of a package is another run; environments and baselines stay', () => {
  const experiment = check(presets.quick, 'quick');
  const versions: PackageVersions[] = [{}, { mine: '1.0.0' }, { mine: '1.0.1' }];
  const plans = versions.map((packages) => planOf(experiment, 'data', 'runs', packages));
  const ids = (kind: string) =>
    plans.map(({ jobs }) => jobs.filter((job) => job.kind === kind).map(({ id }) => id).join()); // biome-ignore format: one line
  expect(new Set(ids('run')).size).toBe(3);
  expect(new Set(ids('baseline')).size).toBe(1);
  expect(new Set(plans.map(({ environments }) => environments.map(({ id }) => id).join())).size).toBe(1);
});

/** A folder with a config that names the package `mine`, and the package itself. */
function folderWith(manifest: object | undefined, code = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'lea-bench-'));
  const config = JSON.parse(readFileSync(example, 'utf8'));
  writeFileSync(join(folder, 'bench.json'), JSON.stringify({ ...config, packages: ['mine'] }));
  if (!manifest) return folder;
  const home = join(folder, 'node_modules', 'mine');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'mine', type: 'module', ...manifest }));
  writeFileSync(join(home, 'index.js'), code);
  return folder;
}

const manifest = { version: '1.0.0', exports: './index.js' };
const defines = `
  import { ce, defineAgent } from '@lea/agents';
  import { option, positive } from '@lea/core';
  defineAgent({ type: 'mine', schema: { lr: option(positive, 0.001) }, build: (options, encoder) => ce({ encoder, ...options }) });
`;

test.each<[string, string, RegExp]>([
  ['is not there', folderWith(undefined), /E_PACKAGE_MISSING: .*bench\.json, at packages: .*"mine".*npm i mine\./],
  [
    'has no entry',
    folderWith({ version: '1.0.0', exports: {} }),
    /E_PACKAGE_IMPORT: .*mine is installed, but.*"exports"/,
  ],
  [
    'names a missing entry',
    folderWith({ version: '1.0.0', exports: './no.js' }),
    /E_PACKAGE_IMPORT: .*mine is installed/,
  ],
  ['fails', folderWith(manifest, 'throw new Error("broken")'), /E_PACKAGE_IMPORT: .*importing mine failed: broken/],
  [
    'lacks what it imports',
    folderWith(manifest, 'import "elsewhere"'),
    /E_PACKAGE_IMPORT: .*importing mine failed: .*elsewhere/,
  ],
  ['defines nothing', folderWith(manifest, 'export {}'), /E_PACKAGE_EMPTY: .*"mine".*defineAgent/],
  ['has no version', folderWith({ exports: './index.js' }), /E_PACKAGE_VERSION: .*"mine"/],
  [
    'defines other types',
    folderWith(manifest, defines),
    /E_TYPE_UNKNOWN: .*"recency-pool".*None of the imported packages defines it: mine\./,
  ],
])('a package that %s is told so', async (_, folder, message) => {
  const { code, stderr } = await bench(['run', 'bench.json'], folder);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(1);
});

/** A folder with a config that trains the agent of a linked package, as `npm i ../mine` makes it, and the package's folder. */
function linkedFolder(type: string): { folder: string; mine: string } {
  const folder = folderWith(undefined);
  const mine = mkdtempSync(join(tmpdir(), 'lea-mine-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(mine, join(folder, 'node_modules', 'mine'), 'junction');
  writeFileSync(
    join(mine, 'package.json'),
    JSON.stringify({ name: 'mine', version: '1.0.0', type, exports: './index.ts' }),
  );
  writeFileSync(join(mine, 'index.ts'), `import './rate.ts';\nconst sure: boolean = true;\n${defines}`);
  writeFileSync(join(mine, 'rate.ts'), 'export const rate: number = 1;\n');
  const config = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
  const agent = { type: 'mine', encoder: { type: 'gru4rec', width: 8 } };
  const runs = [{ name: 'linked', agent, train: { batch: 32, maxSteps: 20, evaluateEvery: 20 } }];
  writeFileSync(join(folder, 'bench.json'), JSON.stringify({ ...config, runs }));
  return { folder, mine };
}

test('TypeScript in a linked folder is trained with the toolkit of the bench, and again when its code has changed', async () => {
  const { folder, mine } = linkedFolder('module');
  const run = async () => {
    const { code, stdout } = await bench(['run', 'bench.json', '--json'], folder);
    expect(code).toBe(0);
    return JSON.parse(stdout.trim().split('\n').at(-1)!);
  };
  expect(await run()).toMatchObject({ name: 'linked', steps: 20, reused: false });
  writeFileSync(join(mine, 'notes.txt'), 'not code');
  expect(await run()).toMatchObject({ name: 'linked', reused: true });
  writeFileSync(join(mine, 'rate.ts'), 'export const rate: number = 2;\n');
  expect(await run()).toMatchObject({ name: 'linked', reused: false });
});

test('code that changes makes other runs only of those that use its package, by its types or by imports', async () => {
  const folder = folderWith(undefined);
  const write = (name: string, code: string) => {
    const home = join(folder, 'packages', name);
    if (!existsSync(home)) {
      mkdirSync(join(folder, 'node_modules'), { recursive: true });
      mkdirSync(home, { recursive: true });
      symlinkSync(home, join(folder, 'node_modules', name), 'junction');
      const manifest = { name, version: '1.0.0', type: 'module', exports: './index.js' };
      writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
    }
    writeFileSync(join(home, 'index.js'), code);
  };
  const defining = (type: string) => defines.replace("type: 'mine'", `type: '${type}'`);
  const importing = `import 'below';\n${defining('above')}`;
  for (const name of ['below', 'alone']) write(name, defining(name));
  write('above', importing);
  const config = JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8'));
  const encoder = { type: 'gru4rec', width: 8 };
  const runs = ['ce', 'alone', 'above', 'below'].map((type) => ({ name: type, agent: { type, encoder } }));
  const idsWith = async (packages: readonly string[]) => {
    writeFileSync(join(folder, 'bench.json'), JSON.stringify({ ...config, packages, runs }));
    const { code, stdout, stderr } = await bench(['plan', 'bench.json', '--json'], folder);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    const jobs = stdout.trim().split('\n').map((line) => JSON.parse(line) as { id: string; name: string }); // biome-ignore format: one line
    return new Map(jobs.map(({ name, id }) => [name, id]));
  };
  const all = ['above', 'below', 'alone'];
  const before = await idsWith(all);
  // The order of packages decides nothing, although the first one imports the second.
  expect(await idsWith(all.toReversed())).toEqual(before);
  const changed = async () => {
    const after = await idsWith(all);
    return [...before].filter(([name, id]) => after.get(name) !== id).map(([name]) => name);
  };
  // A linked package that defines nothing, and that the config does not name.
  write('shared', 'export const factor = 1;');
  write('alone', `import 'shared';\n${defining('alone')}`);
  const sharing = await idsWith(all);
  write('shared', 'export const factor = 50;');
  expect((await idsWith(all)).get('alone')).not.toBe(sharing.get('alone'));
  write('alone', `${defining('alone')}\n// changed`);
  expect(await changed()).toEqual(['alone']);
  write('alone', defining('alone'));
  write('below', `${defining('below')}\n// changed`);
  expect(await changed()).toEqual(['above', 'below']);
});

test('a module that Node reads as CommonJS is told to be declared', async () => {
  const { folder } = linkedFolder('commonjs');
  const { stderr, code } = await bench(['run', 'bench.json'], folder);
  expect(stderr).toMatch(/E_PACKAGE_IMPORT: .*importing mine failed: .* Write "type": "module" in its package\.json\./);
  expect(code).toBe(1);
});

test('TypeScript below node_modules is told to be linked or built', async () => {
  const folder = folderWith({ version: '1.0.0', exports: './index.ts' });
  writeFileSync(join(folder, 'node_modules', 'mine', 'index.ts'), 'export const x: number = 1;');
  const { stderr, code } = await bench(['run', 'bench.json'], folder);
  expect(stderr).toMatch(/E_PACKAGE_IMPORT: .*npm i \.\.\/mine, or publish JavaScript\./);
  expect(code).toBe(1);
});

test('a module of Node is no package', async () => {
  const refused = importPackages(['fs'], '.', 'bench.json');
  await expect(refused).rejects.toMatchObject({ code: 'E_PACKAGE_MISSING', value: 'fs' });
});
