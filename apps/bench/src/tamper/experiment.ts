import { join } from 'node:path';
import { Writable } from 'node:stream';
import { contentHash, stableJson } from '@lea/core';
import { loadExperiment } from '../config/load.ts';
import type { FinishedRun } from '../experiment/record.ts';
import { finishedRuns } from '../jobs/collect.ts';
import { type PlanOptions, planExperiment } from '../jobs/planned.ts';
import { runWhole } from '../jobs/run.ts';
import { conclusions } from '../report/conclusions.ts';
import { miniFolder } from '../testing/bench.ts';

/** A new folder with a config that writes every kind of file and runs in about two seconds. */
export function smallFolder(): string {
  const agent = { type: 'ce', encoder: { type: 'gru4rec', width: 8 } };
  return miniFolder((config) => ({
    ...config,
    dataset: { type: 'world', users: 40, items: 30 },
    baselines: [{ type: 'popularity' }, { type: 'counting-memory' }],
    environments: {
      language: { ...(config.environments.language as object), fit: { epochs: 1, window: 5 } },
      folds: { itemInput: 'id', fit: { epochs: 1, window: 5, layers: 1, width: 8 }, folds: 2 },
    },
    runs: [
      { name: 'plain', agent, train: { batch: 16, maxSteps: 12, evaluateEvery: 2, patience: 20 } },
      { name: 'language', base: 'plain', environment: 'language' },
      { name: 'folds', base: 'plain', environment: 'folds' },
      { name: 'memory', network: 'plain', base: 'plain', memory: {} },
    ],
  }));
}

/** The path of the runs in such a folder. */
export function runsOf(folder: string): string {
  return join(folder, 'runs', 'mini');
}

/** Runs the experiment of a folder in this process. @returns its whole outcome except times and versions, as JSON */
export async function outcomeOf(folder: string, signal: AbortSignal = new AbortController().signal): Promise<string> {
  const loaded = await loadExperiment(join(folder, 'mini.json'));
  const { runs, agreements } = await runWhole(loaded, { ...optionsOf(folder, signal), onFinished: () => {} });
  const sentences = conclusions(runs, loaded.experiment.runs, agreements);
  return lasting({ said: runs.map(saidOf), agreements, sentences });
}

/** The finished runs of such a folder, without doing any. @returns what each says except times and versions, as JSON, by id */
export async function finishedOf(folder: string): Promise<Map<string, string>> {
  const loaded = await loadExperiment(join(folder, 'mini.json'));
  const found = await finishedRuns(await planExperiment(loaded, optionsOf(folder, new AbortController().signal)));
  return new Map([...found].map(([id, run]) => [id, lasting(saidOf(run))]));
}

function optionsOf(folder: string, signal: AbortSignal): PlanOptions {
  const out = new Writable({ write: (_chunk, _encoding, done) => done() }) as NodeJS.WriteStream;
  return { data: undefined, runs: join(folder, 'runs'), out, signal };
}

function saidOf({ record, evaluation }: FinishedRun) {
  const { ranks, target, user, kind, kinds, metrics } = evaluation;
  return { record, metrics, ranks: contentHash(ranks, target, user, kind, kinds) };
}

/** New runs contain undefined and NaN, which runs that were read from disk do not, so both are converted to JSON. */
function lasting(value: unknown): string {
  const kept = (name: string, inner: unknown): unknown => (PASSING.has(name) ? undefined : inner);
  return stableJson(JSON.parse(JSON.stringify(value, kept)));
}

const PASSING = new Set(['seconds', 'serving', 'versions']);
