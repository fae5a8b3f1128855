import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWorld } from '@lea/data';
import { type CatalogModelOptions, catalogModel, saveLanguageModel } from '@lea/env';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** How a bench process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the bench in a folder, as a person would. */
export function start(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--conditions=@lea/source', main, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    out.stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...out })));
  return { child, ended };
}

/** Runs the bench to its end. */
export function bench(args: readonly string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<Ended> {
  return start(args, cwd, env).ended;
}

/** A fresh folder with a config `mini.json` in it: a tiny world, one run of a few steps. */
export function miniFolder(change: (config: MiniConfig) => object = (config) => config): string {
  const folder = mkdtempSync(join(tmpdir(), 'lea-bench-'));
  writeFileSync(join(folder, 'mini.json'), JSON.stringify(change(structuredClone(mini)), null, 2));
  return folder;
}

export type MiniConfig = typeof mini;

/** Writes a tiny language model into a folder, trained on the texts of a world as others are on the web. */
export async function pretrainedDecoder(dir: string, options: Partial<CatalogModelOptions> = {}): Promise<string> {
  const { itemTexts } = createWorld({ seed: 9, users: 1, items: 400 });
  const small = { vocabSize: 300, width: 16, layers: 1, heads: 2, context: 24, epochs: 2, threads: 1 };
  await saveLanguageModel(await catalogModel(itemTexts.texts, { ...small, ...options }), dir);
  return dir;
}

/** The shape of the decoder of an environment in a folder. */
export function decoderOf(folder: string): { width: number } {
  const { config } = JSON.parse(readFileSync(join(folder, 'environment.json'), 'utf8')) as {
    config: { decoder: { width: number } };
  };
  return config.decoder;
}

export const mini = {
  name: 'mini',
  dataset: { type: 'world', users: 60, items: 60 } as Record<string, unknown>,
  split: { type: 'by-user' },
  window: 5,
  rewards: { click: 0.2, purchase: 1 },
  seeds: [0],
  threads: 1,
  baselines: [{ type: 'popularity' }, { type: 'co-occurrence', text: true }],
  environments: {
    language: {
      itemInput: 'id+text',
      languageModel: { epochs: 1, width: 16, layers: 1, heads: 2, vocabSize: 300, context: 16 },
      itemTokens: { steps: 5 },
      fit: { epochs: 2, window: 5 },
    },
    'id-only': { itemInput: 'id', fit: { epochs: 2, window: 5 } },
  } as Record<string, unknown>,
  runs: [
    {
      name: 'SNQN',
      agent: { type: 'snqn', encoder: { type: 'sasrec', width: 16 } },
      train: { batch: 32, maxSteps: 30, evaluateEvery: 10 },
    },
    { name: 'SNQN-LEA', base: 'SNQN', controlRun: 'SNQN-LEA (id only)', environment: 'language' },
    { name: 'SNQN-LEA (id only)', base: 'SNQN', environment: 'id-only' },
  ] as Record<string, unknown>[],
};
