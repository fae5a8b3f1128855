import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogModelDefaults, fitDefaults, itemTokenDefaults } from '@lea/env/measuring';
import { expect, test } from 'vitest';
import { valid } from '../testing/configs.ts';
import { check, loadExperiment } from './load.ts';
import { presets } from './presets/index.ts';
import { fit, itemTokens, languageModel } from './schema.ts';

test('presets and the example of the README are valid', () => {
  for (const [name, preset] of Object.entries(presets)) expect(check(preset, name).name).toBe(name);
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, example] = /```json\n(.*?)```/s.exec(readme)!;
  expect(check(JSON.parse(example!), 'README.md').runs).toHaveLength(3);
});

test('the configs that come with the bench are valid', async () => {
  const folder = new URL('../../configs/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const { experiment } = await loadExperiment(fileURLToPath(new URL(file, folder)));
    expect(experiment.name).toBe(file.replace('.json', ''));
  }
});

test('a run takes agent and train from its base', () => {
  const { runs } = check(presets.industrial, 'x');
  const [ce, lea] = [runs[0]!, runs[1]!];
  expect(lea.agent).toEqual(ce.agent);
  expect(lea.train).toEqual(ce.train);
});

test('a run that inherits nothing is only compared with its base', () => {
  const config = valid();
  const [first] = config.runs as [{ name: string; agent: object }];
  const own = { name: 'own', base: first.name, agent: first.agent, inherit: false };
  const { runs } = check({ ...config, runs: [{ ...first, train: { maxSteps: 5 } }, own] }, 'x');
  expect(runs[1]).toEqual({ name: 'own', base: first.name, agent: first.agent, train: {} });
  const { agent: _, ...without } = own;
  expect(() => check({ ...config, runs: [first, without] }, 'x')).toThrow(/run "own" has no agent/);
  const circle = [{ ...first, base: 'own', inherit: false }, own];
  expect(() => check({ ...config, runs: circle }, 'x')).toThrow(/is its own base/);
});

test('all runs of a preset share the sampler', () => {
  for (const [name, preset] of Object.entries(presets)) {
    const samplers = check(preset, name).runs.map((run) => run.train?.sampler);
    const trained = samplers.filter((sampler) => sampler !== undefined);
    expect(trained.length).toBeGreaterThan(1);
    expect(trained).toEqual(trained.map(() => trained[0]));
  }
});

test('a config may begin with a byte order mark; what is no UTF-8 is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-config-'));
  const path = join(folder, 'c.json');
  const text = JSON.stringify({ ...valid(), environments: undefined, runs: [] });
  writeFileSync(path, `\ufeff${text}`);
  expect((await loadExperiment(path)).experiment.name).toBe('quick');
  for (const bytes of [Buffer.from(`\ufeff${text}`, 'utf16le'), Buffer.from(`${text}ü`, 'latin1')]) {
    writeFileSync(path, bytes);
    await expect(loadExperiment(path)).rejects.toMatchObject({ code: 'E_CONFIG_JSON' });
  }
});

test('a misspelt preset is told from a missing file', async () => {
  await expect(loadExperiment('industriel')).rejects.toThrow(/Did you mean "industrial"\?/);
  await expect(loadExperiment('./nowhere.json')).rejects.toThrow(/nowhere\.json/);
});

test('environments take every option of @lea/env that JSON can say', () => {
  const not = (defaults: object, other: string): string[] =>
    Object.keys(defaults).filter((name) => !`seed threads backend spinning signal ${other}`.split(' ').includes(name));
  const keys = (schema: { entries: object }): string[] => Object.keys(schema.entries).sort();
  expect(keys(languageModel)).toEqual(not(catalogModelDefaults, '').sort());
  expect(keys(itemTokens)).toEqual(not(itemTokenDefaults, '').sort());
  // what an item enters as is `itemInput`, the rest comes from data and tiers
  expect(keys(fit)).toEqual(not(fitDefaults, 'validation tokens languageModel itemInput name').sort());
  const config = valid();
  config.environments.language = {
    itemInput: 'id+text',
    languageModel: { reconstructionShare: 0 },
    fit: {
      prompt: 'After {history} comes {action}.',
      textMemoryWidth: 0,
      candidateInput: 'text',
      negatives: 3,
      negativeSamplingPower: 1,
      loss: 'sampled-softmax',
      sampledItems: 10,
      rewardHeads: 3,
      adaptation: { rank: 4, alpha: 8, targets: ['q'] },
    },
  };
  config.runs[1] = {
    ...config.runs[1],
    rewardForm: 'calibrated',
    rewardMix: 0.5,
    rankBy: 'reward',
    shortlist: 40,
    popularityCorrection: 1,
    excludeSeen: true,
    pessimism: 1,
  };
  const checked = check(config, 'f.json');
  expect(checked.environments).toEqual(config.environments);
  expect(checked.runs[1]).toMatchObject(config.runs[1]!);
});

test("an environment's states go to agents that read them, and to no others", () => {
  const config = valid();
  const run = { name: 'states', environment: 'text', use: { state: true }, stateForm: 'vectors' };
  const encoder = { type: 'sasrec' };
  const environments = { text: { itemInput: 'text' } };
  const checked = (given: object) => check({ ...config, environments, runs: [{ ...run, ...given }] }, 'f.json');
  expect(checked({ agent: { type: 'ce', alignmentWeight: 0.1, encoder } }).runs[0]).toMatchObject(run);
  expect(() => checked({ agent: { type: 'ce', encoder } })).toThrow(
    /"states" provides.*does not read.*"alignmentWeight"/,
  );
  for (const other of [{ use: { state: false } }, { stateForm: 'targets' }, { environment: undefined }]) {
    const agent = { type: 'snqn', criticState: true, encoder };
    expect(() => checked({ agent, ...other })).toThrow(/"states" has an agent that reads.*"stateForm"/);
  }
});

test('the metric that results are compared by is always counted', () => {
  expect(check({ ...valid(), ks: [20, 5, 5] }, 'f.json').ks).toEqual([5, 10, 20]);
  expect(check(valid(), 'f.json').ks).toBeUndefined();
});

test('the control without item tokens is otherwise the same', () => {
  const environments = {
    ids: { itemInput: 'id' },
    own: { itemInput: 'id', languageModel: { width: 32 } },
    counting: { itemInput: 'id', tier: 'counting' },
    language: { itemInput: 'text', languageModel: { epochs: 2 } },
  };
  const config = { ...valid(), runs: [], environments };
  expect(check(config, 'f.json').environments).toEqual({
    ids: { itemInput: 'id', tier: 'catalog', languageModel: { epochs: 2 } },
    own: { itemInput: 'id', tier: 'catalog', languageModel: { width: 32 } },
    counting: environments.counting,
    language: environments.language,
  });
  const decoder = { itemInput: 'text', tier: 'decoder', model: 'M', fit: { prompt: '{history}{action}' } };
  const adapted = check({ ...config, environments: { ids: environments.ids, decoder } }, 'f.json');
  expect(adapted.environments).toEqual({ ids: { ...environments.ids, tier: 'decoder', model: 'M' }, decoder });
  const alone = { ...config, environments: { ids: { itemInput: 'id' } } };
  expect(check(alone, 'f.json').environments).toEqual(alone.environments);
});

test('models are looked for beside the config; a path that leads nowhere is refused at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-config-'));
  mkdirSync(join(folder, 'encoder'));
  const path = join(folder, 'c.json');
  const write = (model: string, tier = 'encoder'): void =>
    writeFileSync(
      path,
      JSON.stringify({ ...valid(), runs: [], environments: { a: { itemInput: 'text', tier, model } } }),
    );
  write('encoder');
  expect((await loadExperiment(path)).experiment.environments!.a!.model).toBe(join(folder, 'encoder'));
  write('Xenova/all-MiniLM-L6-v2');
  expect((await loadExperiment(path)).experiment.environments!.a!.model).toBe('Xenova/all-MiniLM-L6-v2');
  write('./nowhere');
  await expect(loadExperiment(path)).rejects.toThrow(/environment "a" names a model that does not exist.*feature-extr/);
  write('./nowhere.gguf', 'decoder');
  await expect(loadExperiment(path)).rejects.toThrow(/names a model that does not exist.*a GGUF file/);
  writeFileSync(join(folder, 'nowhere.gguf'), '');
  expect((await loadExperiment(path)).experiment.environments!.a!.model).toBe(join(folder, 'nowhere.gguf'));
});

test('an inherited name is no preset', async () => {
  await expect(loadExperiment('')).rejects.toMatchObject({ code: 'E_PRESET_UNKNOWN', value: '' });
  await expect(loadExperiment('toString')).rejects.toMatchObject({ code: 'E_PRESET_UNKNOWN' });
});
