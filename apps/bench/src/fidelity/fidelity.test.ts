import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createWorld, splitByUser } from '@lea/data';
import { fitEnvironment } from '@lea/env';
import { float32 } from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { check } from '../config/load.ts';
import { presets } from '../config/presets/index.ts';
import { bench, decoderOf, miniFolder } from '../testing/bench.ts';
import { flagsOf } from './flags.ts';
import { rowsOfUsers } from './measure.ts';
import { requestOf } from './request.ts';
import { spoiledTokens } from './tokens.ts';

interface Line {
  name: string;
  role: string;
  users: number;
  ndcg: number;
  accuracyUniform: number;
  reused: boolean;
  agreement: { spearman: number };
  probabilities?: { ece: number };
  estimates: Record<string, { value: number; interval: [number, number] }>;
}

describe('the command', () => {
  test('measures everything once, and reports', async () => {
    const folder = miniFolder((config) => ({ ...config, baselines: [], runs: [] }));
    const args = ['fidelity', 'mini.json', '--users', '0.5', '--json'];
    const first = await bench(args, folder);
    expect(first.stderr).toContain('chance is 50 %');
    expect(first.code).toBe(0);
    const lines = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    expect(lines.map(({ name }) => name)).toEqual([
      'environment (id+text)',
      'environment (text)',
      'environment (id only)',
      'random item tokens',
      'shuffled texts',
      'popularity',
      'last-item Markov',
      'co-occurrence',
      'co-occurrence + text',
      'text similarity',
    ]);
    // environments have a calibration of their own, counting has none
    const calibrated = lines.filter(({ probabilities }) => probabilities);
    expect(calibrated).toEqual(lines.slice(0, 5));
    for (const { probabilities } of calibrated) expect(probabilities!.ece).toBeLessThan(0.5);
    for (const line of lines) {
      expect(line).toMatchObject({ users: 0.5, reused: false });
      expect(line.estimates.ndcg!.value).toBeCloseTo(line.ndcg, 6);
      expect(line.estimates.accuracyUniform!.value).toBeCloseTo(line.accuracyUniform, 6);
      expect(line.agreement.spearman).toBeLessThanOrEqual(1);
    }

    const page = readFileSync(join(folder, 'fidelity.html'), 'utf8');
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(5);
    expect(page).not.toMatch(/<script|<link|src=/);
    expect(page).toContain('ECE single');
    const record = JSON.parse(readFileSync(join(folder, 'fidelity.numbers.json'), 'utf8')) as {
      subjects: Line[];
      differences: { first: string; second: string; ndcg: { difference: number } }[];
    };
    const [own, control] = [record.subjects[0]!, record.subjects[5]!];
    const pair = record.differences.find((d) => d.first === own.name && d.second === control.name)!;
    expect(pair.ndcg.difference).toBeCloseTo(own.ndcg - control.ndcg, 6);

    const second = await bench(args, folder);
    expect(second.stdout).toBe(first.stdout.replaceAll('"reused":false', '"reused":true'));

    // rows of another subject, whole as they are, then a damaged record
    const kept = join(folder, 'runs', 'mini', 'fidelity');
    const [one, two] = ['popularity', 'text-similarity'].map((name) =>
      join(kept, readdirSync(kept).find((found) => found.startsWith(name))!),
    ) as [string, string];
    copyFileSync(join(one, 'rows.safetensors'), join(two, 'rows.safetensors'));
    const swapped = await bench(args, folder);
    expect(swapped.stderr).toContain(`rows do not match its record. Got ${JSON.stringify(two)}`);
    const path = join(one, 'fidelity.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/("ndcg": 0\.\d)/, '$19'));
    const damaged = await bench(args, folder);
    expect([damaged.code, damaged.stderr]).toEqual([
      1,
      expect.stringMatching(/E_RUN_BROKEN.*changed since it was written/s),
    ]);
  });

  test('shares of the users are measured as well', async () => {
    const folder = miniFolder((config) => ({
      ...config,
      dataset: { ...config.dataset, users: 40, items: 30 },
      baselines: [],
      runs: [],
      environments: { language: { ...config.environments.language!, fit: { epochs: 1, window: 5 } } },
    }));
    const args = ['fidelity', 'mini.json', '--item-input', 'text'];
    const lines = (stdout: string): Line[] => stdout.trim().split('\n').map((line) => JSON.parse(line) as Line); // biome-ignore format: one line
    const single = await bench([...args, '--users', '0.5', '--controls', 'counting', '--json'], folder);
    expect(lines(single.stdout).map(({ role }) => role)).toEqual(['environment', ...Array(5).fill('counting control')]);
    expect(readFileSync(join(folder, 'fidelity.html'), 'utf8')).not.toContain('By share of the users');

    const several = await bench([...args, '--users', '1,0.2,0.5'], folder);
    expect(several.code).toBe(0);
    expect(several.stdout).toMatch(/NDCG@10 .* 20 % .* 50 % .* 100 %/);
    const language = readdirSync(join(folder, 'runs', 'mini', 'language')).map((name) => name.split('-')[0]);
    expect(language, 'of all shares').toEqual(['model', 'tokens']);
    expect(several.stderr.match(/already measured/g)).toHaveLength(6);
    const kept = join(folder, 'runs', 'mini', 'fidelity');
    const controls = readdirSync(kept).filter((name) => name.startsWith('environment-id-only'));
    expect(controls).toHaveLength(3);
    for (const name of controls) expect(decoderOf(join(kept, name)).width, 'as the language model').toBe(16);
    const record = JSON.parse(readFileSync(join(folder, 'fidelity.numbers.json'), 'utf8')) as {
      subjects: Line[];
      differences: { users: number; second: string }[];
    };
    expect(record.subjects.map(({ users }) => users)).toEqual([0.2, 0.5, 1].flatMap((share) => Array(9).fill(share)));
    expect(record.subjects.filter(({ users }) => users === 0.5).map(({ name }) => name)).toContain('shuffled texts');
    expect(record.differences.map(({ users }) => users)).toEqual([0.2, 0.5, 1].flatMap((s) => Array(8).fill(s)));
    const page = readFileSync(join(folder, 'fidelity.html'), 'utf8');
    expect(page).toContain('By share of the users');
    expect(page).toContain('All other sections are about 100 % of the users');

    const again = await bench([...args, '--users', '0.2,0.5,1', '--controls', 'none', '--json'], folder);
    expect(lines(again.stdout).map(({ name, users, reused }) => [name, users, reused])).toEqual(
      [0.2, 0.5, 1].map((share) => ['environment (text)', share, true]),
    );
  });

  test.skipIf(!process.env.LEA_TEXT_MODEL)('tier encoder (LEA_TEXT_MODEL names a folder)', async () => {
    const folder = miniFolder((config) => ({ ...config, baselines: [], runs: [] }));
    const model = process.env.LEA_TEXT_MODEL!;
    const args = ['fidelity', 'mini.json', '--item-input', 'text', '--model', model, '--users', '0.5', '--json'];
    const first = await bench(args, folder);
    expect(first.code).toBe(0);
    const lines = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    expect(lines.map(({ name }) => name)).toContain(`text similarity (${basename(model)})`);
    expect(lines.map(({ reused }) => reused)).not.toContain(true);
    const kept = readdirSync(join(folder, 'runs', 'mini', 'language'));
    expect(kept).toEqual([expect.stringMatching(/^tokens-/)]);
  });

  test('an encoder without a model is refused in one line', async () => {
    const { code, stderr, stdout } = await bench(['fidelity', 'mini.json', '--tier', 'encoder'], miniFolder());
    expect(stderr).toMatch(/Expected a model for tier "encoder".*--model/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});

test.each([
  ['a share above 1', { users: '0.1,20' }, /--users: expected different shares above 0 and at most 1/],
  ['an empty share', { users: '0.1,' }, /--users: expected different shares/],
  ['a share given twice', { users: '0.1,0.10' }, /--users: expected different shares/],
  ['unknown controls', { controls: 'countin' }, /Did you mean "counting"\?/],
  ['all controls and some', { controls: 'counting,all' }, /--controls: all and none stand alone/],
  ['an unknown item input', { 'item-input': 'id+txt' }, /Did you mean "id\+text"\?/],
  ['an unknown tier', { tier: 'encodr' }, /Did you mean "encoder"\?/],
  ['a seed that is none', { seed: '' }, /Expected a whole number as the seed/],
])('%s is refused by name', (_, flags, message) => {
  expect(() => flagsOf({ 'item-input': 'text', ...flags })).toThrow(message);
});

test('flags take precedence over the config, and say which environments there are', () => {
  const experiment = check(
    {
      ...presets.industrial,
      runs: [],
      environments: {
        a: { itemInput: 'id', fit: { lr: 3 } },
        b: { itemInput: 'text', fit: { userShare: 0.1, epochs: 2 } },
      },
    },
    'test',
  );
  const plain = requestOf({ ...experiment, seeds: [7] }, flagsOf({ 'item-input': 'text' }));
  expect(plain).toEqual({
    itemInputs: ['text'],
    environment: { tier: 'catalog', model: undefined, fit: { epochs: 2 } },
    idFit: { lr: 3 },
    users: [0.1],
    controls: ['counting', 'id-only', 'random-tokens', 'shuffled-texts'],
    zeroShot: 100,
    seed: 7,
  });
  // Without a fit of its own, the control has that of the environments, but for what only texts give an effect.
  const texts = { b: { itemInput: 'text', fit: { epochs: 2, itemDropout: 0.5 } } } as const;
  expect(requestOf({ ...experiment, environments: texts }, {}).idFit).toEqual({ epochs: 2 });
  const { a } = experiment.environments!;
  const decoder = check(
    { ...experiment, environments: { a, b: { itemInput: 'text', tier: 'decoder', model: 'D' } } },
    '',
  );
  // A model alone replaces that of the config; another tier needs its own.
  expect(requestOf(decoder, flagsOf({ 'item-input': 'text', model: 'M' })).environment).toMatchObject({
    tier: 'decoder',
    model: 'M',
  });
  expect(() => requestOf(decoder, flagsOf({ 'item-input': 'text', tier: 'encoder' }))).toThrow('Expected a model');
  expect(requestOf(decoder, flagsOf({ 'item-input': 'text', tier: 'catalog' })).environment).toEqual({
    tier: 'catalog',
    model: undefined,
    fit: {},
  });
  const typed = flagsOf({ 'item-input': 'text,id+text', model: 'M', users: '0.5,0.05', controls: 'none', seed: '2' });
  expect(requestOf(experiment, typed)).toMatchObject({
    itemInputs: ['text', 'id+text'],
    environment: { tier: 'encoder', model: 'M' },
    users: [0.05, 0.5],
    controls: [],
    seed: 2,
  });
});

test('by default everything is measured, and with tier decoder one environment beside counting', () => {
  const experiment = check({ ...presets.quick, runs: [] }, 'test');
  const flags = (tier: string) => requestOf(experiment, flagsOf({ tier, ...(tier !== 'catalog' && { model: 'M' }) }));
  const everything = {
    itemInputs: ['id+text', 'text'],
    controls: ['counting', 'id-only', 'random-tokens', 'shuffled-texts'],
  };
  expect(flags('catalog')).toMatchObject(everything);
  expect(flags('encoder')).toMatchObject(everything);
  expect(flags('decoder')).toMatchObject({ itemInputs: ['id+text'], controls: ['counting'] });
});

test('shares of the users are nested, and hold whole users', () => {
  const { train } = splitByUser(createWorld({ users: 60, items: 40 }).interactions);
  const [some, more] = [0.2, 0.5].map((share) => rowsOfUsers(train, share, 3));
  const users = (rows: typeof train): Set<number> => new Set(rows.sequence);
  expect(users(some!).size).toBe(Math.ceil(0.2 * users(train).size));
  for (const user of users(some!)) expect(users(more!)).toContain(user);
  const own = Array.from(train.event).filter((_, row) => users(some!).has(train.sequence[row]!));
  expect([...some!.event]).toEqual(own);
  expect(rowsOfUsers(train, 1, 3)).toBe(train);
});

test('controls know the very users that a fit draws', async () => {
  const { train } = splitByUser(createWorld({ users: 40, items: 30 }).interactions);
  const small = { seed: 3, epochs: 1, window: 5, width: 8, layers: 1, threads: 1 };
  const drawn = await fitEnvironment({ train, userShare: 0.4, ...small });
  const given = await fitEnvironment({ train: rowsOfUsers(train, 0.4, 3), ...small });
  const other = await fitEnvironment({ train: rowsOfUsers(train, 0.4, 4), ...small });
  expect(given.counts).toEqual(drawn.counts);
  expect(given.hash).toBe(drawn.hash);
  expect(other.hash).not.toBe(drawn.hash);
  for (const environment of [drawn, given, other]) await environment.dispose();
});

test('shuffled texts are the same tokens at other items, random ones are none of them', () => {
  const tokens = float32(
    Array.from({ length: 40 }, (_, i) => i),
    [20, 2],
  );
  const rows = (value: typeof tokens): string[] =>
    Array.from({ length: 20 }, (_, i) => String(Array.from(value.data.subarray(2 * i, 2 * i + 2))));
  const shuffled = rows(spoiledTokens(tokens, 'shuffled', 0));
  expect(shuffled).not.toEqual(rows(tokens));
  expect(shuffled.toSorted()).toEqual(rows(tokens).toSorted());
  expect(rows(spoiledTokens(tokens, 'random', 0)).some((row) => rows(tokens).includes(row))).toBe(false);
  expect(spoiledTokens(tokens, 'nothing', 0)).toBe(tokens);
});
