import { catalogModelDefaults, decoderVectorDefaults, fitDefaults } from '@lea/env/measuring';
import { expect, test } from 'vitest';
import { check } from '../config/load.ts';
import { presets } from '../config/presets/index.ts';
import type { EnvironmentConfig } from '../config/schema.ts';
import { flagsOf } from './flags.ts';
import { requestOf } from './request.ts';
import { MEASUREMENT, subjectsOf } from './subjects.ts';
import { SAMPLE } from './zero-shot.ts';

const experiment = (language: Omit<EnvironmentConfig, 'itemInput'> = {}) =>
  check({ ...presets.quick, runs: [], environments: { language: { itemInput: 'text', ...language } } }, 'test');

function subjects(own = experiment(), flags = {}, models = {}) {
  const request = requestOf(own, flagsOf({ 'item-input': 'id+text,text', controls: 'all', ...flags }));
  return subjectsOf(request, { experiment: own, dataHash: 'd', folder: 'runs/quick', models });
}

const folders = (...given: Parameters<typeof subjects>): string[] => subjects(...given).map(({ folder }) => folder);
/** Names of the subjects whose folder is another one. */
const changed = (before: readonly string[], ...given: Parameters<typeof subjects>): string[] =>
  subjects(...given).flatMap(({ name, folder }) => (before.includes(folder) ? [] : [name]));

test('folders are named by all that decides what is in them', () => {
  const [own] = subjects();
  expect(own!.resolved).toMatchObject({
    environment: {
      fit: { dropout: fitDefaults.dropout },
      languageModel: { reconstructionShare: catalogModelDefaults.reconstructionShare },
    },
    measurement: MEASUREMENT,
    versions: { tfjs: expect.stringMatching(/^\d/), onnxruntime: expect.stringMatching(/^\d/) },
  });
  const before = folders();
  expect(changed(before, experiment({ fit: { dropout: fitDefaults.dropout } }))).toEqual([]);
  // held-out users are in no fit
  expect(changed(before, experiment({ folds: 2 }))).toEqual([]);
  const environments = [
    'environment (id+text)',
    'environment (text)',
    'environment (id only)',
    'random item tokens',
    'shuffled texts',
  ];
  expect(changed(before, experiment({ fit: { dropout: 0.1 } }))).toEqual(environments);
  // the control without item tokens begins as the same language model does, and reads no tokens
  expect(changed(before, experiment({ languageModel: { reconstructionShare: 0 } }))).toEqual(environments);
  expect(changed(before, experiment({ itemTokens: { steps: 3 } }))).toEqual(
    environments.filter((name) => !name.includes('id only')),
  );
});

test('an environment of a pretrained decoder is that of the model and of how it is adapted', () => {
  const flags = { tier: 'decoder', model: 'dir/M.gguf' };
  const one = { 'dir/M.gguf': 'one' };
  const [own, , ids] = subjects(experiment(), flags, one);
  expect(own!.resolved).toMatchObject({
    environment: {
      tier: 'decoder',
      model: 'one',
      vectors: { maxTokens: decoderVectorDefaults.maxTokens },
      fit: { adaptation: { rank: 8 } },
    },
  });
  expect(ids!.resolved).toMatchObject({ environment: { model: 'one', fit: { adaptation: { rank: 8 } } } });
  expect(ids!.resolved).not.toHaveProperty('environment.vectors');
  const before = folders(experiment(), flags, one);
  const environments = [
    'environment (id+text)',
    'environment (text)',
    'environment (id only)',
    'random item tokens',
    'shuffled texts',
  ];
  expect(changed(before, experiment(), flags, { 'dir/M.gguf': 'two' })).toEqual([
    ...environments,
    'zero-shot',
    'zero-shot (instruction)',
    'few-shot',
    'text similarity (M.gguf)',
  ]);
  expect(changed(before, experiment({ fit: { adaptation: 'all' } }), flags, one)).toEqual(environments);
  expect(changed(before, experiment({ fit: { adaptation: { rank: 8 } } }), flags, one)).toEqual([]);
});

test('a subject is the same whatever shares and controls are measured with it', () => {
  const names = (flags: object): string[] => subjects(experiment(), flags).map(({ name }) => name);
  const alone = folders(experiment(), { users: '0.2' });
  const several = folders(experiment(), { users: '0.2,0.05' });
  expect(several.slice(several.length / 2)).toEqual(alone);
  expect(new Set(several).size).toBe(2 * alone.length);
  const controls = ['popularity', 'last-item Markov', 'co-occurrence', 'co-occurrence + text', 'text similarity'];
  const environments = ['environment (id+text)', 'environment (text)'];
  expect(names({ controls: 'counting' })).toEqual([...environments, ...controls]);
  expect(names({ controls: 'none' })).toEqual(environments);
  expect(names({ controls: 'shuffled-texts, counting' })).toEqual([...environments, 'shuffled texts', ...controls]);
  expect(names({ controls: 'id-only,random-tokens' })).toEqual([
    ...environments,
    'environment (id only)',
    'random item tokens',
  ]);
  expect(changed(alone, experiment(), { users: '0.2', controls: 'counting' })).toEqual([]);
});

test('the language model of tier decoder is also measured without a fit, on as many decisions as asked for', () => {
  const flags = { tier: 'decoder', model: 'M' };
  const names = (more = {}) => subjects(experiment(), { ...flags, ...more }).map(({ name }) => name);
  const unfitted = ['zero-shot', 'zero-shot (instruction)', 'few-shot'];
  expect(names().filter((name) => unfitted.includes(name))).toEqual(unfitted);
  expect(names({ 'zero-shot': '0' }).filter((name) => unfitted.includes(name))).toEqual([]);
  expect(subjects().some(({ role }) => role === 'language model')).toBe(false);
  const before = folders(experiment(), flags);
  expect(changed(before, experiment(), { ...flags, 'zero-shot': `${SAMPLE}` })).toEqual([]);
  expect(changed(before, experiment(), { ...flags, 'zero-shot': '7' })).toEqual(unfitted);
  for (const text of ['-1', '1.5', '', 'many']) {
    expect(() => names({ 'zero-shot': text })).toThrow('--zero-shot: expected a number of decisions, or 0.');
  }
});

test("text vectors are those of a model's content", () => {
  const flags = { model: 'M' };
  const before = folders(experiment(), flags, { M: 'one' });
  expect(changed(before, experiment(), flags, { M: 'two' })).toEqual([
    'environment (id+text)',
    'environment (text)',
    'random item tokens',
    'shuffled texts',
    'text similarity (M)',
  ]);
});

test.each([
  ['an encoder without a model', { tier: 'encoder' }, /Expected a model/],
  ['a decoder without a model', { tier: 'decoder' }, /Expected a model for tier "decoder".*GGUF/],
  ['a model of the catalog tier', { tier: 'catalog', model: 'M' }, /needs tier "encoder"/],
])('%s is refused before any work', (_, flags, message) => {
  expect(() => subjects(experiment(), flags)).toThrow(message);
});
