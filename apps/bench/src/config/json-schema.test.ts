import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { check } from './load.ts';
import { presets } from './presets/index.ts';

const bench = new URL('../../', import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(new URL(path, bench), 'utf8'));
const valid = new Ajv({ strict: false }).compile(read('experiment.schema.json'));
const quick = () => structuredClone(presets.quick!) as unknown as Record<string, unknown[]>;

test('editors accept all configs and presets', () => {
  const configs = readdirSync(new URL('configs/', bench)).map((file) => read(`configs/${file}`));
  const examples = ['own-agent', 'own-data', 'own-data-set'].map((name) => read(`../../examples/${name}/bench.json`));
  for (const config of [...configs, ...examples, ...Object.values(presets)]) {
    valid(config);
    expect(valid.errors).toBeNull();
  }
});

test.each<[string, (config: Record<string, unknown[]>) => void, string]>([
  ['a misspelled key', (config) => Object.assign(config, { baseline: [] }), ''],
  ['a misspelled option', (config) => config.runs!.push({ name: 'x', trian: {} }), '/runs/'],
  ['a constant of another baseline', (config) => config.baselines!.push({ type: 'ease', backward: 1 }), '/baselines/'],
  ['a number out of range', (config) => config.seeds!.push(0.5), '/seeds/'],
])('editors mark %s', (_, spoil, where) => {
  const config = quick();
  spoil(config);
  expect(valid(config)).toBe(false);
  expect(valid.errors![0]!.instancePath.startsWith(where)).toBe(true);
});

test('the path of the schema belongs to no identity', () => {
  const config = quick();
  const named = { $schema: './node_modules/@lea/bench/experiment.schema.json', ...config };
  expect(check(named, 'f.json')).toEqual(check(config, 'f.json'));
  expect(() => check({ ...config, $schema: 1 }, 'f.json')).toThrow(/at \$schema/);
});
