import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogModelDefaults, fitDefaults, itemTokenDefaults } from '@lea/env/measuring';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { check, loadExperiment } from './load.ts';
import { presets } from './presets/index.ts';
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
  ['two runs of one name', (c) => (c.runs[1]!.name = 'CE'), /expected different names for all runs/],
  [
    'a misspelt constant of a baseline',
    (c) => Object.assign(c, { baselines: [{ type: 'stan', positonScale: 2 }] }),
    /at baselines\.0.*Did you mean "positionScale"\?/,
  ],
  [
    'a repeat that is none',
    (c) => Object.assign(c, { baselines: [{ type: 'ease', repeat: 'nevr' }] }),
    /at baselines\.0\.repeat/,
  ],
  [
    'runs of different validation metrics',
    (c) => (c.runs[1]!.train = { metric: 'hr@5' }),
    /runs "CE" and "CE-LEA" have different validation metrics.*\["ndcg@10","hr@5"\]/,
  ],
  ['a number that is none', (c) => (c.window = 2.5), /at window/],
  ['places that are none', (c) => (c.ks = []), /at ks/],
  ['an inherited name', (c) => (c.runs[1]!.environment = 'toString'), /names an environment that does not exist/],
  [
    'users in percent',
    (c) => (c.environments.language!.fit = { userShare: 20 }),
    /at environments\.language\.fit\.userShare/,
  ],
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
    /width \/ heads\) in languageModel.*multiple of 6/,
  ],
  [
    'a prompt that nobody reads',
    (c) =>
      (c.environments.language = {
        itemInput: 'text',
        tier: 'encoder',
        model: 'M',
        fit: { prompt: '{history}{action}' },
      }),
    /no language model to read it/,
  ],
  [
    'a prompt without slots',
    (c) => (c.environments.language!.fit = { prompt: 'Is {action} good?' }),
    /\{history\} once/,
  ],
  ['pessimism of one head', (c) => (c.runs[1]!.pessimism = 1), /"rewardHeads" in its "fit"/],
  [
    'a rule that counting does not have',
    (c) => (c.runs[2]!.rankBy = 'reward'),
    /"rankBy", which tier "counting" does not support/,
  ],
  [
    'an option that counting does not read',
    (c) => (c.environments.counting!.fit = { epochs: 2 }),
    /environment "counting" has tier "counting", which does not use "fit"/,
  ],
  ['a network that is not there', (c) => (c.runs[4]!.network = 'CEE'), /the network of run "CE \+ memory"/],
  ['a network that has a memory itself', (c) => (c.runs[5]!.network = 'CE + memory'), /cannot take the network/],
  ['a network that comes later', (c) => c.runs.unshift(c.runs.pop()!), /cannot take the network.*comes earlier/],
  ['a network without a memory', (c) => Object.assign(c.runs[4]!, { memory: undefined }), /adds no memory to it/],
  [
    'a taken network that is to be trained',
    (c) => (c.runs[4]!.train = { batch: 2 }),
    /takes the network of another run, so it does not use "train"/,
  ],
  [
    'a taken network of another agent',
    (c) => (c.runs[4]!.agent = { type: 'ce', encoder: { type: 'sasrec' } }),
    /cannot have its own agent/,
  ],
  [
    'a taken network that a memory joins',
    (c) => (c.runs[4]!.memory = { fusion: 'joint' }),
    /cannot be trained jointly/,
  ],
  ['one fold', (c) => (c.environments.language!.folds = 1), /at environments\.language\.folds/],
  ['half a fold', (c) => (c.environments.language!.folds = 2.5), /at environments\.language\.folds/],
  [
    'folds of a teacher that counts',
    (c) => (c.environments.language = { itemInput: 'id', tier: 'counting', folds: 2 }),
    /environment "language" has tier "counting".*needs no folds/,
  ],
  [
    'probabilities of several environments',
    (c) => {
      c.environments.language!.folds = 2;
      taught(c).rewardForm = 'calibrated';
    },
    /"rewardForm", which needs an environment without folds/,
  ],
  [
    'states of several environments',
    (c) => {
      c.environments.language!.folds = 2;
      Object.assign(taught(c), { use: { state: true }, stateForm: 'both' });
    },
    /"stateForm", which needs an environment without folds/,
  ],
  ['a reward that is NaN', (c) => (c.rewards = { click: Number.NaN }), /at rewards\.click/],
  ['a seed twice', (c) => (c.seeds = [0, 1, -0]), /at seeds: expected each seed once, got 0 twice/],
  ['half a seed', (c) => (c.seeds = [0.5]), /at seeds\.0: expected a whole number/],
  [
    'half a seed of the split',
    (c) => (c.split = { type: 'by-user', seed: 0.3 }),
    /at split\.seed: expected a whole number/,
  ],
  [
    'a seed of the data beyond 2^53',
    (c) => (c.dataset = { type: 'world', seed: 2 ** 53 }),
    /at dataset\.seed: expected a whole number/,
  ],
  [
    'a baseline twice',
    (c) => (c.baselines = [{ type: 'ease', decay: 1 }, { type: 'sknn' }, { decay: 1, type: 'ease' }]),
    /at baselines: expected each baseline once/,
  ],
  ['a teacher twice', (c) => (c.runs[1]!.environment = ['language', 'language']), /expected each name once/],
  ['a name that is a folder', (c) => (c.name = '..'), /at name: expected more than dots/],
  ['a name that is this folder', (c) => (c.name = '.'), /at name: expected more than dots/],
  ['a name that no file may have', (c) => (c.name = 'x'.repeat(300)), /at name: expected a name of at most 100/],
  [
    'a run of such a name',
    (c) => (c.runs[0]!.name = 'ü'.repeat(300)),
    /at runs\.0\.name: expected a name of at most 100/,
  ],
  [
    'an environment of such a name',
    (c) => Object.assign(c, { environments: { ['x'.repeat(300)]: { itemInput: 'id' } } }),
    /expected a name of at most 100/,
  ],
  [
    'a window beyond all',
    (c) => (c.window = 1e12),
    /at window: expected a number of at most 2147483647, got 1000000000000$/,
  ],
  ['a text as a number', (c) => (c.window = 'x' as never), /at window: expected a number, got "x"$/],
  ['a number as a text', (c) => (c.name = 3 as never), /at name: expected a text, got 3$/],
  ['a number as a list', (c) => (c.seeds = 3 as never), /at seeds: expected a list, got 3$/],
])('%s is refused by name', (_, spoil, message) => {
  const config = valid();
  spoil(config);
  expect(() => check(config, 'f.json')).toThrow(message);
});

/** Where a config has a number, by path, and a config that has one there. */
function numbersOf(config: unknown, path: readonly string[] = []): string[][] {
  if (typeof config === 'number') return [[...path]];
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([key, value]) => numbersOf(value, [...path, key]));
}

const full = JSON.parse(
  JSON.stringify({
    ...presets.industrial,
    dataset: { type: 'world', seed: 1, users: 50, items: 20 },
    split: { type: 'by-user', seed: 1, fractions: [0.8, 0.1, 0.1] },
    threads: 1,
    ks: [5],
    baselines: [
      {
        type: 'stan',
        neighbors: 5,
        sample: 5,
        positionScale: 1,
        ageScale: 1,
        distanceScale: 1,
        backward: 1,
        repeat: 0,
      },
      { type: 'ease', regularization: 1, decay: 1 },
      { type: 'item-knn', countPower: 0.5, neighbors: 3 },
      {
        type: 'counting-memory',
        horizon: 3,
        neighbors: 3,
        textNeighbors: 3,
        gateRows: 3,
        gateSteps: 3,
        smoothing: 1,
        textPower: 1,
      },
    ],
    environments: {
      language: {
        itemInput: 'id+text',
        languageModel: {
          vocabSize: 300,
          width: 8,
          layers: 1,
          heads: 2,
          kvHeads: 2,
          mlpWidth: 8,
          context: 8,
          epochs: 1,
          batch: 4,
          lr: 0.1,
          reconstructionShare: 0.5,
          validationShare: 0.1,
        },
        itemTokens: { batch: 4, steps: 2, lr: 0.1, tolerance: 0.1, anchorWeight: 1 },
        fit: {
          window: 5,
          batch: 4,
          epochs: 1,
          sampledItems: 3,
          negatives: 1,
          rewardHeads: 2,
          patience: 1,
          textMemoryWidth: 2,
          userShare: 0.5,
          dropout: 0.1,
          rewardLossWeight: 1,
          lr: 0.1,
          adaptation: { rank: 2, alpha: 4 },
        },
        folds: 2,
      },
    },
    runs: [
      {
        name: 'CE',
        agent: {
          type: 'snqn',
          gamma: 0.5,
          tdWeight: 1,
          lr: 0.1,
          cqlWeight: 0,
          encoder: { type: 'sasrec', width: 8, dropout: 0.1 },
        },
        train: { batch: 4, evaluateEvery: 2, patience: 1, maxSteps: 2 },
        memory: { horizon: 3, smoothing: 1 },
        environment: 'language',
        positivesWeight: 1,
        k: 2,
        temperature: 1,
        rewardMix: 0.5,
        shortlist: 5,
        popularityCorrection: 1,
        pessimism: 1,
      },
    ],
  }),
);

test('no number of a config is Infinity, NaN or a text', () => {
  expect(() => check(full, 'f.json')).not.toThrow();
  const places = numbersOf(full);
  expect(places.length).toBeGreaterThan(70);
  const bad = fc.constantFrom(Infinity, -Infinity, Number.NaN, '1', true, null);
  fc.assert(
    fc.property(fc.constantFrom(...places), bad, (path, value) => {
      const config = structuredClone(full);
      const holder = path.slice(0, -1).reduce((at, key) => at[key], config);
      holder[path.at(-1)!] = value;
      expect(() => check(config, 'f.json'), path.join('.')).toThrow(expect.objectContaining({ name: 'LeaError' }));
    }),
    { numRuns: 600 },
  );
});

test("numbers beyond all of an agent's options are refused too, whatever its type lets pass", () => {
  const config = valid();
  config.runs[0]!.agent = { type: 'ce', encoder: { type: 'sasrec' }, extra: Infinity };
  expect(() => check(config, 'f.json')).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
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

test('1e400 in a config file is refused by name', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lea-config-')), 'c.json');
  writeFileSync(path, JSON.stringify({ ...valid(), rewards: { click: 7777 } }).replace('7777', '1e400'));
  await expect(loadExperiment(path)).rejects.toThrow(/at rewards\.click/);
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
  const alone = { ...config, environments: { ids: { itemInput: 'id' } } };
  expect(check(alone, 'f.json').environments).toEqual(alone.environments);
});

test('models are looked for beside the config; a path that leads nowhere is refused at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-config-'));
  mkdirSync(join(folder, 'encoder'));
  const path = join(folder, 'c.json');
  const write = (model: string): void =>
    writeFileSync(
      path,
      JSON.stringify({ ...valid(), runs: [], environments: { a: { itemInput: 'text', tier: 'encoder', model } } }),
    );
  write('encoder');
  expect((await loadExperiment(path)).experiment.environments!.a!.model).toBe(join(folder, 'encoder'));
  write('Xenova/all-MiniLM-L6-v2');
  expect((await loadExperiment(path)).experiment.environments!.a!.model).toBe('Xenova/all-MiniLM-L6-v2');
  write('./nowhere');
  await expect(loadExperiment(path)).rejects.toThrow(/environment "a" names a model that does not exist/);
});

test('an inherited name is no preset', async () => {
  await expect(loadExperiment('toString')).rejects.toMatchObject({ code: 'E_PRESET_UNKNOWN' });
});
