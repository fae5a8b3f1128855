import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentHash } from '@lea/core';
import { readSafetensors, writeSafetensors } from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { lockFolder } from './experiment/lock.ts';
import { bench, decoderOf, miniFolder, start } from './testing/bench.ts';

interface Line {
  name: string;
  dataset: string;
  seed: number;
  metrics: Record<string, number>;
  seconds: number;
  weightsHash: string | null;
  reused: boolean;
  environment: { name: string; hash: string; seconds: number; folds?: number } | null;
}

function lines(stdout: string): Line[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

describe('run', () => {
  test('a config to its end; again: everything is reused', async () => {
    const folder = miniFolder();
    const first = await bench(['run', 'mini.json', '--json'], folder);
    expect(first.stderr).toContain('NDCG@10');
    expect(first.code).toBe(0);
    const made = lines(first.stdout);
    expect(made.map((line) => line.name)).toEqual([
      'popularity',
      'co-occurrence + text',
      'SNQN',
      'SNQN-LEA',
      'SNQN-LEA (id only)',
    ]);
    for (const line of made) {
      expect(line).toMatchObject({ dataset: 'world', seed: 0, reused: false });
      expect(line.metrics['ndcg@10']).toBeGreaterThan(0);
      expect(line.metrics).toHaveProperty(['hr@10/purchase']);
      expect(line.seconds).toBeGreaterThan(0);
    }
    expect(made.slice(0, 2).map((line) => line.weightsHash)).toEqual([null, null]);
    expect(new Set(made.slice(2).map((line) => line.weightsHash)).size).toBe(3);
    expect(first.stderr).toContain("with the world's true reward");

    // the control's decoder begins as the same language model does
    const kept = join(folder, 'runs', 'mini', 'environments');
    expect(readdirSync(kept).map((name) => decoderOf(join(kept, name)).width)).toEqual([16, 16]);
    expect(readdirSync(join(folder, 'runs', 'mini', 'language')).map((name) => name.split('-')[0])).toEqual([
      'model',
      'tokens',
    ]);

    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page.match(/<svg/g)).toHaveLength(4);
    expect(page).not.toMatch(/<script|<link|src=/);
    expect(page).toContain('The control SNQN-LEA (id only)');

    const second = await bench(['run', 'mini.json', '--json'], folder);
    expect(lines(second.stdout)).toEqual(made.map((line) => ({ ...line, reused: true })));

    const seeded = await bench(['run', 'mini.json', '--json', '--seed', '1'], folder);
    const other = lines(seeded.stdout);
    expect(other.map((line) => line.reused)).toEqual([true, true, false, false, false]);
    expect(other[2]!.seed).toBe(1);
    expect(other[2]!.weightsHash).not.toBe(made[2]!.weightsHash);
  });

  test('a validation metric stops the runs and chooses among them; one that validation lacks ends the bench before', async () => {
    const of = (metric: string) =>
      miniFolder((config) => ({
        ...config,
        environments: {},
        runs: [{ ...config.runs[0]!, train: { batch: 32, maxSteps: 30, evaluateEvery: 10, metric } }],
      }));
    const folder = of('hr@5/purchase');
    const { stderr, code } = await bench(['run', 'mini.json', '--json'], folder);
    expect(stderr).toContain('The best trained policy by validation HR@5 purchase is SNQN:');
    expect(code).toBe(0);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('The marked row is the best trained policy by validation HR@5 purchase.');
    const runs = join(folder, 'runs', 'mini');
    const run = join(runs, readdirSync(runs).find((name) => name.startsWith('snqn'))!);
    const { training, validation } = JSON.parse(readFileSync(join(run, 'record.json'), 'utf8'));
    const validations = readFileSync(join(run, 'events.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line)).filter(({ type }) => type === 'validation'); // biome-ignore format: one line
    expect(validations.map(({ value }) => value)).toEqual(validations.map(({ metrics }) => metrics['hr@5/purchase']));
    expect(validation).toBe(training.best.value);

    const other = of('hr@7');
    const refused = await bench(['run', 'mini.json'], other);
    expect(refused.stderr).toMatch(/E_TRAIN_METRIC: .*mini\.json, at train\.metric: .*"hr@7"/);
    expect(existsSync(join(other, 'runs'))).toBe(false);
  });

  test('killed in the middle and started again: the same weights as uncut', async () => {
    const long = () =>
      miniFolder((config) => ({
        ...config,
        baselines: [],
        environments: {},
        runs: [{ ...config.runs[0]!, train: { batch: 32, maxSteps: 1500, evaluateEvery: 20, patience: 100 } }],
      }));
    const uncut = await bench(['run', 'mini.json', '--json'], long());

    const folder = long();
    const { child, ended } = start(['run', 'mini.json', '--json'], folder);
    await checkpoints(folder, 2);
    const second = await bench(['run', 'mini.json', '--json'], folder);
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toMatch(/E_RUNS_BUSY: Another bench process is using.*runs\/mini.*--runs/);
    child.kill('SIGKILL');
    expect((await ended).stdout).toBe('');
    const remains = join(folder, 'runs', 'mini', 'report.html.01234567-89ab-cdef-0123-456789abcdef.tmp');
    writeFileSync(remains, 'half');
    const resumed = await bench(['run', 'mini.json', '--json'], folder);
    expect(lines(resumed.stdout)[0]!.weightsHash).toBe(lines(uncut.stdout)[0]!.weightsHash);
    expect(events(folder).some((event) => event.type === 'start' && event.resumedFrom! > 0)).toBe(true);
    expect(existsSync(remains)).toBe(false);
  });

  test('a finished experiment is told while others are at work, and where nothing can be written', async () => {
    const folder = miniFolder((config) => ({ ...config, environments: {}, runs: [config.runs[0]!] }));
    const first = await bench(['run', 'mini.json', '--json'], folder);
    const runs = join(folder, 'runs', 'mini');
    // in the place of what is to be written, since nothing is closed to a root user
    rmSync(join(runs, 'report.html'));
    mkdirSync(join(runs, 'report.html'));
    const lock = await lockFolder(runs);
    expect(lock.state).toBe('held');
    const again = await bench(['run', 'mini.json'], folder);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('co-occurrence + text');
    expect(again.stdout).toContain('Report: ');
    writeFileSync(join(folder, 'closed'), '');
    const closed = await bench(['run', 'mini.json', '--report', 'closed/report.html'], folder);
    expect(closed.stdout).toContain('co-occurrence + text');
    expect(closed.stderr).toContain('E_FILE_WRITE');
    lock.release();
    expect(lines(first.stdout)).toHaveLength(3);
  });

  test('a checkpoint of other options is not gone on from in silence, and its seconds do not count', async () => {
    const folder = miniFolder((config) => ({ ...config, baselines: [], environments: {}, runs: [config.runs[0]!] }));
    const [first] = lines((await bench(['run', 'mini.json', '--json'], folder)).stdout);
    const run = join(
      folder,
      'runs',
      'mini',
      readdirSync(join(folder, 'runs', 'mini')).find((n) => n.startsWith('snqn'))!,
    );
    rmSync(join(run, 'record.json'));
    appendFileSync(join(run, 'events.jsonl'), '{"seconds":5000,"type":"checkpoint"}\n');
    const { tensors, metadata } = await readSafetensors(join(run, 'checkpoint.safetensors'));
    const identity = metadata.identity!.replace('"threads":1', '"threads":2');
    await writeSafetensors(join(run, 'checkpoint.safetensors'), tensors, { ...metadata, identity });
    const { stdout, stderr } = await bench(['run', 'mini.json', '--json'], folder);
    expect(stderr).toContain(
      'SNQN starts over. The checkpoint was saved with different options: runtime.threads: 2 saved, 1',
    );
    const [again] = lines(stdout);
    expect(again!.weightsHash).toBe(first!.weightsHash);
    expect(again!.seconds).toBeLessThan(5000);
  });

  test('environments with folds: users are annotated by those that do not know them', async () => {
    const folder = miniFolder((config) => ({
      ...config,
      baselines: [],
      environments: {
        all: config.environments.language,
        folds: { ...(config.environments.language as object), folds: 2 },
      },
      runs: [
        config.runs[0]!,
        { name: 'all', base: 'SNQN', environment: 'all' },
        { name: 'folds', base: 'SNQN', controlRun: 'all', environment: 'folds' },
        { name: 'folds by reward', base: 'SNQN', environment: 'folds', rankBy: 'reward' },
      ],
    }));
    const first = await bench(['run', 'mini.json', '--json'], folder);
    expect(first.code).toBe(0);
    const made = lines(first.stdout);
    const [all, folds, byReward] = made.slice(1).map(({ environment }) => environment!);
    expect(all).not.toHaveProperty('folds');
    expect(folds).toMatchObject({ name: 'folds', folds: 2, seconds: expect.any(Number) });
    expect(byReward).toEqual(folds);
    expect(new Set(made.map((line) => line.weightsHash)).size).toBe(4);
    expect(first.stderr).toContain('The reward of environment "all"');
    expect(first.stderr).not.toContain('The reward of environment "folds"');
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('cross-fitted on 2 folds');

    const kept = join(folder, 'runs', 'mini', 'environments');
    const own = readdirSync(kept).find((name) => name.startsWith('folds'))!;
    const files = readdirSync(join(kept, own), { recursive: true }) as string[];
    const [one, two, ...more] = files
      .filter((name) => name.endsWith('environment.json'))
      .map((name) => (JSON.parse(readFileSync(join(kept, own, name), 'utf8')) as { hash: string }).hash);
    expect(more).toEqual([]);
    // of the environments, whatever they were asked
    expect([contentHash([one, two]), contentHash([two, one])]).toContain(folds!.hash);
    const record = JSON.parse(readFileSync(join(kept, own, 'record.json'), 'utf8')) as Record<string, object>;
    expect(record).toMatchObject({ hash: folds!.hash, config: { config: { folds: 2 } } });
    const stages = ['environment, fold 1 of 2', 'environment, fold 2 of 2'];
    expect(Object.keys(record.stages!).filter((stage) => stage.startsWith('environment'))).toEqual(stages);
    expect(record.stages).toHaveProperty('item tokens');
    // working time counts on over sittings
    const log = readFileSync(join(kept, own, 'events.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const told = log.map((line) => JSON.parse(line) as { stage: string; fold: { number: number } });
    expect(told.map(({ stage, fold }) => `${stage} ${fold.number}`)).toEqual(
      expect.arrayContaining(['environment 1', 'environment 2', 'annotation 2']),
    );
  });

  test('Ctrl-C saves and says how to go on', async () => {
    const folder = miniFolder((config) => ({
      ...config,
      environments: {},
      runs: [{ ...config.runs[0]!, train: { batch: 32, maxSteps: 100_000, evaluateEvery: 20, patience: 1000 } }],
    }));
    const { child, ended } = start(['run', 'mini.json', '--report', 'my report.html'], folder);
    await checkpoints(folder, 1);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("npm run bench -- run mini.json --report 'my report.html'");
    expect(events(folder).at(-1)!.type).toBe('stopped');
  });
});

interface Event {
  type: string;
  resumedFrom?: number;
}

function events(folder: string): Event[] {
  const [run] = readdirSync(join(folder, 'runs', 'mini')).filter((name) => name.startsWith('snqn'));
  const path = join(folder, 'runs', 'mini', run ?? '', 'events.jsonl');
  if (!run || !existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event);
}

/** Waits until a run has saved itself so many times. */
async function checkpoints(folder: string, count: number): Promise<void> {
  for (;;) {
    const there = existsSync(join(folder, 'runs', 'mini')) ? events(folder) : [];
    if (there.filter((event) => event.type === 'checkpoint').length >= count) return;
    await sleep(20);
  }
}
