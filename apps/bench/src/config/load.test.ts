import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogueModelDefaults, fitDefaults, itemTokenDefaults } from '@lea/env/measuring';
import { expect, test } from 'vitest';
import { presets } from '../presets/index.ts';
import { check, loadExperiment } from './load.ts';
import { fit, itemTokens, languageModel } from './schema.ts';

type Loose = Record<string, unknown> & {
  runs: Record<string, unknown>[];
  environments: Record<string, Record<string, unknown>>;
};
const valid = () => structuredClone(presets.quick!) as unknown as Loose;
const taught = ({ runs }: Loose) => runs.find(({ environment }) => environment === 'language')!;

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

test('all runs of a preset share the sampler', () => {
  for (const [name, preset] of Object.entries(presets)) {
    const samplers = check(preset, name).runs.map((run) => run.train?.sampler);
    const trained = samplers.filter((sampler) => sampler !== undefined);
    expect(trained.length).toBeGreaterThan(1);
    expect(trained).toEqual(trained.map(() => trained[0]));
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
  ['a misspelt base', (c) => (c.runs[1]!.base = 'CEE'), /the base of run "CE-LEA".*Did you mean "CE"\?/],
  ['an environment that is not there', (c) => (c.runs[1]!.environment = 'langage'), /Did you mean "language"\?/],
  [
    'a teacher that is not there',
    (c) => (c.runs[1]!.environment = ['language', 'langage']),
    /names an environment.*"language"/,
  ],
  ['a base that goes round', (c) => (c.runs[0]!.base = 'CE-LEA'), /is its own base/],
  ['two runs of one name', (c) => (c.runs[1]!.name = 'CE'), /two runs have one name/],
  [
    'a misspelt constant of a baseline',
    (c) => Object.assign(c, { baselines: [{ type: 'stan', lamda1: 2 }] }),
    /at baselines\.0.*Did you mean "lambda1"\?/,
  ],
  [
    'a repeat that is none',
    (c) => Object.assign(c, { baselines: [{ type: 'ease', repeat: 'nevr' }] }),
    /at baselines\.0\.repeat/,
  ],
  ['a number that is none', (c) => (c.window = 2.5), /at window/],
  ['places that are none', (c) => (c.ks = []), /at ks/],
  ['an inherited name', (c) => (c.runs[1]!.environment = 'toString'), /names an environment that is not there/],
  ['users in percent', (c) => (c.environments.language!.fit = { users: 20 }), /at environments\.language\.fit\.users/],
  ['dropout of everything', (c) => (c.environments.language!.fit = { dropout: 1 }), /language\.fit\.dropout/],
  [
    'a misspelt adapter option',
    (c) => (c.environments.language!.fit = { adaptation: { rnk: 2 } }),
    /at environments\.language\.fit\.adaptation/,
  ],
  ['an encoder without a model', (c) => (c.environments.language!.tier = 'encoder'), /tier "encoder" but no model/],
  [
    'heads that divide nothing',
    (c) => (c.environments.language!.languageModel = { heads: 3 }),
    /width \/ heads in languageModel.*multiple of 6/,
  ],
  [
    'a prompt that nobody reads',
    (c) =>
      (c.environments.language = { tokens: 'text', tier: 'encoder', model: 'M', fit: { prompt: '{history}{action}' } }),
    /no language model to read it/,
  ],
  [
    'a prompt without slots',
    (c) => (c.environments.language!.fit = { prompt: 'Is {action} good?' }),
    /\{history\} once/,
  ],
  ['pessimism of one head', (c) => (c.runs[1]!.pessimism = 1), /"rewardHeads" of its fit/],
  [
    'a rule that counting does not have',
    (c) => (c.runs[2]!.rank = 'reward'),
    /"rank", which a teacher that only counts/,
  ],
  [
    'an option that counting does not read',
    (c) => (c.environments.counting!.fit = { epochs: 2 }),
    /environment "counting" counts, and does not read "fit"/,
  ],
  ['a network that is not there', (c) => (c.runs[4]!.network = 'CEE'), /the network of run "CE \+ memory"/],
  ['a network that has a memory itself', (c) => (c.runs[5]!.network = 'CE + memory'), /cannot take the network/],
  ['a network that comes later', (c) => c.runs.unshift(c.runs.pop()!), /cannot take the network.*stands before it/],
  ['a network without a memory', (c) => Object.assign(c.runs[4]!, { memory: undefined }), /adds nothing to it/],
  [
    'a taken network that is to be trained',
    (c) => (c.runs[4]!.train = { batch: 2 }),
    /takes the network of another, so it does not read "train"/,
  ],
  [
    'a taken network of another agent',
    (c) => (c.runs[4]!.agent = { type: 'ce', encoder: { type: 'sasrec' } }),
    /cannot have an agent of its own/,
  ],
  ['a taken network that a memory joins', (c) => (c.runs[4]!.memory = { fusion: 'joint' }), /cannot join in training/],
  ['one fold', (c) => (c.environments.language!.folds = 1), /at environments\.language\.folds/],
  ['half a fold', (c) => (c.environments.language!.folds = 2.5), /at environments\.language\.folds/],
  [
    'folds of a teacher that counts',
    (c) => (c.environments.language = { tokens: 'id', tier: 'counting', folds: 2 }),
    /environment "language" counts.*without folds/,
  ],
  [
    'probabilities of several environments',
    (c) => {
      c.environments.language!.folds = 2;
      taught(c).rewardForm = 'calibrated';
    },
    /"rewardForm" that needs one environment/,
  ],
  [
    'states of several environments',
    (c) => {
      c.environments.language!.folds = 2;
      Object.assign(taught(c), { use: { state: true }, stateForm: 'both' });
    },
    /"stateForm" that needs one environment/,
  ],
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

test('environments take every option of @lea/env that JSON can say', () => {
  const not = (defaults: object, other: string): string[] =>
    Object.keys(defaults).filter((name) => !`seed threads backend spinning signal ${other}`.split(' ').includes(name));
  const keys = (schema: { entries: object }): string[] => Object.keys(schema.entries).sort();
  expect(keys(languageModel)).toEqual(not(catalogueModelDefaults, '').sort());
  expect(keys(itemTokens)).toEqual(not(itemTokenDefaults, '').sort());
  // what an item enters as is `tokens`, the rest comes from data and tiers
  expect(keys(fit)).toEqual(not(fitDefaults, 'validation tokens lm input name').sort());
  const config = valid();
  config.environments.language = {
    tokens: 'id+text',
    languageModel: { unfold: 0 },
    fit: {
      prompt: 'After {history} comes {action}.',
      memory: 0,
      candidates: 'text',
      negatives: 3,
      negativeSampling: 'popularity',
      contrast: 'sampled',
      contrastItems: 10,
      rewardHeads: 3,
      adaptation: { rank: 4, alpha: 8, targets: ['q'] },
    },
  };
  config.runs[1] = {
    ...config.runs[1],
    rewardForm: 'calibrated',
    rewardMix: 0.5,
    rank: 'reward',
    shortlist: 40,
    popularity: 1,
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
  const environments = { text: { tokens: 'text' } };
  const checked = (given: object) => check({ ...config, environments, runs: [{ ...run, ...given }] }, 'f.json');
  expect(checked({ agent: { type: 'ce', alignment: 0.1, encoder } }).runs[0]).toMatchObject(run);
  expect(() => checked({ agent: { type: 'ce', encoder } })).toThrow(/"states" brings.*does not read.*"alignment"/);
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
    ids: { tokens: 'id' },
    own: { tokens: 'id', languageModel: { width: 32 } },
    counting: { tokens: 'id', tier: 'counting' },
    language: { tokens: 'text', languageModel: { epochs: 2 } },
  };
  const config = { ...valid(), runs: [], environments };
  expect(check(config, 'f.json').environments).toEqual({
    ids: { tokens: 'id', tier: 'catalogue', languageModel: { epochs: 2 } },
    own: { tokens: 'id', tier: 'catalogue', languageModel: { width: 32 } },
    counting: environments.counting,
    language: environments.language,
  });
  const alone = { ...config, environments: { ids: { tokens: 'id' } } };
  expect(check(alone, 'f.json').environments).toEqual(alone.environments);
});

test('models are looked for beside the config; a path that leads nowhere is refused at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-config-'));
  mkdirSync(join(folder, 'encoder'));
  const path = join(folder, 'c.json');
  const write = (model: string): void =>
    writeFileSync(
      path,
      JSON.stringify({ ...valid(), runs: [], environments: { a: { tokens: 'text', tier: 'encoder', model } } }),
    );
  write('encoder');
  expect((await loadExperiment(path)).experiment.environments!.a!.model).toBe(join(folder, 'encoder'));
  write('Xenova/all-MiniLM-L6-v2');
  expect((await loadExperiment(path)).experiment.environments!.a!.model).toBe('Xenova/all-MiniLM-L6-v2');
  write('./nowhere');
  await expect(loadExperiment(path)).rejects.toThrow(/environment "a" names a model that is not there/);
});

test('an inherited name is no preset', async () => {
  await expect(loadExperiment('toString')).rejects.toMatchObject({ code: 'E_PRESET_UNKNOWN' });
});
