import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { presets } from '../presets/index.ts';
import { check, loadExperiment } from './load.ts';

const valid = () => structuredClone(presets.quick!) as Record<string, unknown> & { runs: Record<string, unknown>[] };

test('presets and the example of the README are valid', () => {
  for (const [name, preset] of Object.entries(presets)) expect(check(preset, name).name).toBe(name);
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, example] = /```json\n(.*?)```/s.exec(readme)!;
  expect(check(JSON.parse(example!), 'README.md').runs).toHaveLength(3);
});

test('a run takes agent and train from its base', () => {
  const { runs } = check(presets.industrial, 'x');
  const [ce, lea] = [runs[0]!, runs[1]!];
  expect(lea.agent).toEqual(ce.agent);
  expect(lea.train).toEqual(ce.train);
});

test('all runs of a preset share the sampler', () => {
  for (const [name, preset] of Object.entries(presets)) {
    const samplers = check(preset, name).runs.map((run) => run.train?.sampler);
    expect(samplers).toEqual(samplers.map(() => ({ type: 'independent' })));
  }
});

test.each<[string, (config: ReturnType<typeof valid>) => void, RegExp]>([
  ['a misspelt key', (c) => Object.assign(c, { baseline: [] }), /^f\.json, at baseline: .*Did you mean "baselines"\?/],
  ['a misspelt choice', (c) => (c.split = { type: 'by-usr' }), /at split\.type: .*Did you mean "by-user"\?/],
  [
    'a misspelt agent',
    (c) => (c.runs[0]!.agent = { type: 'cee', encoder: { type: 'sasrec' } }),
    /f\.json: the agent of run/,
  ],
  ['a misspelt base', (c) => (c.runs[1]!.base = 'SASRec'), /the base of run "SASRec-SNQN".*Did you mean "SASRec-CE"\?/],
  ['an environment that is not there', (c) => (c.runs[2]!.environment = 'langage'), /Did you mean "language"\?/],
  ['a base that goes round', (c) => (c.runs[0]!.base = 'SASRec-SNQN-LEA'), /is its own base/],
  ['two runs of one name', (c) => (c.runs[1]!.name = 'SASRec-CE'), /two runs have one name/],
  ['a number that is none', (c) => (c.window = 2.5), /at window/],
  ['a reward that is NaN', (c) => (c.rewards = { click: Number.NaN }), /at rewards\.click/],
])('%s is refused by name', (_, spoil, message) => {
  const config = valid();
  spoil(config);
  expect(() => check(config, 'f.json')).toThrow(message);
});

test('a misspelt preset is told from a missing file', async () => {
  await expect(loadExperiment('industriel')).rejects.toThrow(/Did you mean "industrial"\?/);
  await expect(loadExperiment('./nowhere.json')).rejects.toThrow(/nowhere\.json/);
});
