import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors } from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { bench, decoderOf, miniFolder, pretrainedDecoder } from '../testing/bench.ts';

let made: Promise<string> | undefined;
/** Folder of a tiny language model, made at the first call. */
const decoder = (): Promise<string> =>
  (made ??= pretrainedDecoder(mkdtempSync(join(tmpdir(), 'lea-decoder-')), { width: 24, layers: 2 }));

interface Line {
  readonly name: string;
  readonly reused: boolean;
  readonly ndcg: number;
  readonly accuracyPopular: number;
  readonly rows: number;
}
const lines = (stdout: string): Line[] => stdout.trim().split('\n').map((line) => JSON.parse(line) as Line); // biome-ignore format: one line

describe('a pretrained decoder as environment', () => {
  /** A folder with a config of a decoder beside it, in the folder `model`. */
  async function decoderFolder(): Promise<string> {
    const fit = { epochs: 2, window: 5 };
    const folder = miniFolder((config) => ({
      ...config,
      baselines: [],
      environments: {
        language: { itemInput: 'id+text', tier: 'decoder', model: 'model', fit },
        'id-only': { itemInput: 'id', fit },
      },
    }));
    cpSync(await decoder(), join(folder, 'model'), { recursive: true });
    return folder;
  }

  test('teaches the runs of a config, and is found again wherever the model lies', async () => {
    const folder = await decoderFolder();
    const first = await bench(['run', 'mini.json', '--json'], folder);
    expect(first.stderr).toContain('NDCG@10');
    expect(first.code).toBe(0);
    const runs = join(folder, 'runs', 'mini');
    const environments = readdirSync(join(runs, 'environments')).map((name) => join(runs, 'environments', name));
    // Both begin as the pretrained decoder, and have adapters.
    expect(environments.map((path) => decoderOf(path).width)).toEqual([24, 24]);
    const kept = environments.map((path) => JSON.parse(readFileSync(join(path, 'record.json'), 'utf8')));
    expect(kept.map(({ config }) => config.config.fit.adaptation)).toEqual([{ rank: 8 }, { rank: 8 }]);
    const withTexts = kept.find(({ name }) => name === 'language');
    expect(withTexts.config.config).toMatchObject({ tier: 'decoder', model: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const [tokens, ...others] = readdirSync(join(runs, 'language'));
    expect(others).toEqual([]);
    const { vectors } = (await readSafetensors(join(runs, 'language', tokens!, 'tokens.safetensors'))).tensors;
    expect(vectors!.shape).toEqual([60, 24]);

    const moved = await decoderFolder();
    cpSync(join(folder, 'runs'), join(moved, 'runs'), { recursive: true });
    const second = await bench(['run', 'mini.json', '--json'], moved);
    expect(lines(second.stdout).map(({ reused }) => reused)).not.toContain(false);
  });

  test('knows more of users than its controls do', async () => {
    const fit = { window: 5, dropout: 0.2, lr: 0.01, epochs: 6, patience: 6 };
    const folder = miniFolder((config) => ({
      ...config,
      // Many items and few users: there texts have most to say.
      dataset: { type: 'world', users: 120, items: 300 },
      split: { type: 'by-user', fractions: [0.6, 0.1, 0.3] },
      window: 10,
      baselines: [],
      runs: [],
      environments: { language: { itemInput: 'text', fit } },
    }));
    const larger = { width: 32, layers: 2, vocabSize: 400, context: 32, epochs: 5 };
    const model = await pretrainedDecoder(join(folder, 'model'), larger);
    const args = ['fidelity', 'mini.json', '--item-input', 'text', '--controls', 'all', '--tier', 'decoder', '--json'];
    const first = await bench([...args, '--zero-shot', '40', '--model', model], folder);
    expect(first.stderr).toContain('300 × 32 by tier decoder');
    expect(first.code).toBe(0);
    const measured = lines(first.stdout);
    const of = (name: string): Line => measured.find((line) => line.name === name)!;
    const own = of('environment (text)');
    // Last measured: .066 and 57 % of comparisons; without the texts at most .035 and 48 %; popularity .042 and 41 %.
    for (const name of ['environment (id only)', 'random item tokens', 'shuffled texts', 'popularity']) {
      expect(own.ndcg, name).toBeGreaterThan(1.3 * of(name).ndcg);
      expect(own.accuracyPopular, name).toBeGreaterThan(of(name).accuracyPopular + 0.04);
    }
    expect(own.accuracyPopular).toBeGreaterThan(0.53);
    for (const name of ['zero-shot', 'zero-shot (instruction)', 'few-shot']) {
      expect(of(name), name).toMatchObject({ rows: 40, ndcg: null, accuracyPopular: expect.any(Number) });
    }
    expect(first.stderr).toMatch(/Without a fit, on a\s+sample of 40 decisions: few-shot prefers/);
    expect(readFileSync(join(folder, 'fidelity.html'), 'utf8')).toContain('the language model, not fitted');
    expect(measured.at(-1)!.name).toBe('text similarity (model)');
  });

  test('is measured only once, wherever the model lies', async () => {
    const environments = { language: { itemInput: 'text', fit: { epochs: 1, window: 5 } } };
    const folder = miniFolder((config) => ({ ...config, baselines: [], runs: [], environments }));
    const sample = ['--users', '0.5', '--zero-shot', '9'];
    const args = ['fidelity', 'mini.json', '--item-input', 'text', '--tier', 'decoder', ...sample, '--json'];
    const first = await bench([...args, '--model', await decoder()], folder);
    expect(first.code).toBe(0);
    expect(lines(first.stdout).map(({ reused }) => reused)).not.toContain(true);
    cpSync(await decoder(), join(folder, 'elsewhere'), { recursive: true });
    const second = await bench([...args, '--model', 'elsewhere'], folder);
    expect(second.code).toBe(0);
    expect(lines(second.stdout).map(({ reused }) => reused)).not.toContain(false);
  });

  test('that is not there is refused in one line', async () => {
    const folder = miniFolder();
    const { code, stderr } = await bench(['fidelity', 'mini.json', '--tier', 'decoder', '--model', './none'], folder);
    expect(stderr).toMatch(/E_FILE_MISSING: The language model does not exist\..*"\.\/none"/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  });
});
