import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { makeFolder, writeError, writeSealed } from '@lea/core/node';
import { readSafetensors } from '@lea/tensor';
import type { CurvePoint } from '@lea/train';
import { validationMetric } from '../config/metrics.ts';
import type { Context } from './context.ts';
import { readRecord } from './intact.ts';
import { recordPath } from './record.ts';
import { CHECKPOINT, type Guidance, type Training, train } from './trained.ts';
import { versions } from './versions.ts';

/** One setting of a search in one rung: it is trained up to the budget of the rung, and validated. */
export interface TrialJob extends Training {
  readonly id: string;
  /** The searched run. */
  readonly of: string;
  /** Number of the trial, from 0, in the order in which the settings were drawn. */
  readonly trial: number;
  /** From 0. */
  readonly rung: number;
  /** Values of the searched options, by path. */
  readonly setting: Setting;
  /** The record and the folder of the same trial in the rung before. */
  readonly before?: { readonly record: TrialRecord; readonly folder: string };
}

/** Values of options by their paths in a run, such as `agent.lr`. */
export type Setting = Readonly<Record<string, unknown>>;

/** The outcome of a trial. It holds nothing about the test set. */
export interface TrialRecord extends Pick<TrialJob, 'id' | 'of' | 'trial' | 'rung' | 'setting' | 'seed'> {
  readonly kind: 'trial';
  readonly experiment: string;
  readonly dataset: string;
  readonly dataHash: string;
  readonly config: unknown;
  readonly versions: Readonly<Record<string, string>>;
  readonly threads: number;
  /** The validation metric that judges trials. */
  readonly metric: string;
  /** Its best value so far; null when training diverged. */
  readonly value: number | null;
  /** Why there is no value. */
  readonly failure?: string;
  /** Steps up to this rung, those of the rungs before included. */
  readonly steps: number;
  readonly curve: readonly CurvePoint[];
  readonly weightsHash: string | null;
  /** Working time in this rung. */
  readonly seconds: number;
}

/**
 * Trains a setting up to the budget of its rung, from the state in which the rung before left it, and saves what validation
 * says. Training that diverges is an outcome as well: the trial has no value. The test rows are not read.
 */
export async function runTrial(job: TrialJob, context: Context, guidance: Guidance | undefined): Promise<void> {
  const { experiment, dataset, dataHash, threads } = context;
  const { id, of, trial, rung, setting, seed, before } = job;
  const outcome =
    before?.record.failure === undefined ? await trained(job, context, guidance) : inherited(before.record);
  const record: TrialRecord = {
    id,
    kind: 'trial',
    experiment: experiment.name,
    of,
    trial,
    rung,
    setting,
    seed,
    metric: validationMetric(experiment.runs),
    ...outcome,
    dataset: dataset.name,
    dataHash,
    config: job.resolved,
    versions: versions(),
    threads,
  };
  await writeSealed(recordPath(job.folder), record);
}

type Outcome = Pick<TrialRecord, 'value' | 'failure' | 'steps' | 'curve' | 'weightsHash' | 'seconds'>;

/** A trial that diverged does so again. */
function inherited({ value, failure, steps, curve, weightsHash }: TrialRecord): Outcome {
  return { value, failure: failure!, steps, curve, weightsHash, seconds: 0 };
}

async function trained(job: TrialJob, context: Context, guidance: Guidance | undefined): Promise<Outcome> {
  if (job.before) await copyCheckpoint(job.before.folder, job.folder);
  const started = performance.now();
  try {
    const { result, validation, seconds } = await train(job, context, guidance);
    await result.policy.dispose();
    const { steps, curve, weightsHash } = result;
    return { value: validation!, steps, curve, weightsHash, seconds: seconds() };
  } catch (error) {
    if (!(error instanceof LeaError) || error.code !== 'E_TRAIN_DIVERGED') throw error;
    const seconds = (performance.now() - started) / 1000;
    return { value: null, failure: error.message, steps: 0, curve: [], weightsHash: null, seconds };
  }
}

/**
 * Copies the state of a training into the folder of its next rung, unless that has begun.
 *
 * @throws LeaError `E_CHECKPOINT_DAMAGED` naming the file that is copied, not the copy
 */
async function copyCheckpoint(from: string, to: string): Promise<void> {
  const [source, target] = [join(from, CHECKPOINT), join(to, CHECKPOINT)];
  if (existsSync(target) || !existsSync(source)) return;
  await readSafetensors(source).catch((cause: unknown) => {
    if (!(cause instanceof LeaError) || cause.code !== 'E_SAFETENSORS') throw cause;
    const what = cause.message.replace(/\.$/, '');
    throw new LeaError('E_CHECKPOINT_DAMAGED', `The checkpoint of the rung before is damaged: ${what}.`, {
      value: source,
      hint: 'Delete the file: the trial then trains from its first step, to the same result.',
      cause,
    });
  });
  const beside = `${target}.${randomUUID()}.tmp`;
  try {
    await makeFolder(to);
    await copyFile(source, beside);
    await rename(beside, target);
  } catch (cause) {
    throw writeError(target, cause);
  }
}

/**
 * The outcome of a trial, or undefined when there is none yet.
 *
 * @throws LeaError `E_RUN_BROKEN`
 */
export function loadTrial({ id, folder }: Pick<TrialJob, 'id' | 'folder'>): Promise<TrialRecord | undefined> {
  return readRecord<TrialRecord>(recordPath(folder), { id });
}

/** Values such as `agent.lr .00123, agent.encoder {"type":"gru4rec"}`. */
export function settingText(setting: Setting): string {
  return Object.entries(setting)
    .map(([path, value]) => `${path} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
