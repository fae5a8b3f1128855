import { join } from 'node:path';
import { contentHash, LeaError } from '@lea/core';
import { writeSealed } from '@lea/core/node';
import type { Scorer } from '@lea/data';
import {
  type BanditFeedback,
  type OffPolicyEstimate,
  offPolicyValue,
  type PolicyTerms,
  policyTerms,
} from '@lea/eval/off-policy';
import { readSafetensors, type Values, writeSafetensors } from '@lea/tensor';
import type { Experiment } from '../config/schema.ts';
import type { Context } from './context.ts';
import { withFinished } from './finished-scorer.ts';
import { follow } from './follow.ts';
import { broken, intact, readRecord } from './intact.ts';
import { estimateOptions, softmaxOf } from './logged.ts';
import type { Job } from './plan.ts';
import { recordPath } from './record.ts';

const FILE = 'terms.safetensors';

/** What a policy is worth by the log of the test events, by two estimators. */
export interface Value {
  readonly snips: OffPolicyEstimate;
  readonly sndr: OffPolicyEstimate;
}

/** The record of an off-policy estimate, in a folder below that of its run or baseline. */
interface EstimateRecord {
  readonly resolved: unknown;
  readonly seconds: number;
  /** The evaluated softmax; absent where scores do not make one. */
  readonly temperature?: number;
  readonly behavior: { readonly name: string; readonly temperature: number };
  /** Number of actions: items. */
  readonly actions: number;
  /** Why the scores make no policy. */
  readonly refused?: string;
  /** Hash of the terms. */
  readonly hash?: string;
}

/** A finished estimate: the rounds and the terms of the policy in them, or why there are none. */
export type Estimated =
  | { readonly feedback: BanditFeedback; readonly terms: PolicyTerms; readonly refused?: undefined }
  | { readonly refused: string };

/** Where the estimate of a run or baseline is, and its origin. */
export interface EstimateJob {
  readonly id: string;
  readonly folder: string;
  readonly resolved: object;
}

/** The estimate of a job by the options of the experiment, which are not part of the job itself. */
export function estimateOf(job: Job, offPolicy: NonNullable<Experiment['offPolicy']>): EstimateJob {
  const resolved = { ...(job.resolved as object), offPolicy: estimateOptions(offPolicy) };
  const hash = contentHash(resolved).slice(0, 10);
  return { id: `off-policy-${job.id}-${hash}`, folder: join(job.folder, `off-policy-${hash}`), resolved };
}

/** Evaluates the softmax of a finished model by the log, and saves the terms, then the record. */
export async function runEstimate(job: Job, { folder, resolved }: EstimateJob, context: Context): Promise<void> {
  const started = performance.now();
  const { feedback, behavior, temperature } = await context.logged();
  const { actions } = feedback;
  const made = await withFinished(job, context, (scorer) => termsOf(scorer, context));
  const common = { resolved, behavior: { name: behavior.name, temperature }, actions };
  const seconds = (): number => (performance.now() - started) / 1000;
  if (made.refused !== undefined) {
    await writeSealed(recordPath(folder), { ...common, ...made, seconds: seconds() } satisfies EstimateRecord);
    return;
  }
  const columns = columnsOf(feedback, made.terms);
  await writeSafetensors(join(folder, FILE), columns);
  await writeSealed(recordPath(folder), {
    ...common,
    seconds: seconds(),
    temperature: made.temperature,
    hash: hashOf(columns),
  } satisfies EstimateRecord);
}

/** The finished estimate of a job, or undefined when there is none yet. @throws LeaError `E_RUN_BROKEN` */
export async function loadEstimate(job: Job, { folder, resolved }: EstimateJob): Promise<Estimated | undefined> {
  const record = await readRecord<EstimateRecord>(recordPath(folder), { resolved });
  if (!record) return undefined;
  if (record.refused !== undefined) return { refused: record.refused };
  const { tensors } = await intact(folder, () => readSafetensors(join(folder, FILE)));
  if (record.hash !== hashOf(tensors)) throw broken(folder, 'its terms do not match its record');
  return estimatedOf(job.name, record.actions, tensors);
}

/** The value of a policy by both estimators; `support` of either says whether the log can answer. */
export async function worthOf(feedback: BanditFeedback, terms: PolicyTerms): Promise<Value> {
  const by = (estimator: keyof Value) => offPolicyValue(feedback, terms, { estimator, unsupported: 'estimate' });
  return { snips: await by('snips'), sndr: await by('sndr') };
}

/** The terms of the softmax of a scorer. Scores that rule out all that users chose make none. */
async function termsOf(
  scorer: Scorer,
  context: Context,
): Promise<{ terms: PolicyTerms; temperature: number; refused?: undefined } | { refused: string }> {
  const { feedback, behavior, model, batch } = await context.logged();
  const { seed } = estimateOptions(context.experiment.offPolicy!);
  try {
    const { policy, temperature } = await softmaxOf(scorer, context.split.validation, seed, 'leave out');
    const { signal } = context;
    const terms = await follow(policyTerms(feedback, policy, { behavior, model, batch, signal }), context);
    return { terms, temperature };
  } catch (cause) {
    if (cause instanceof LeaError && cause.code === 'E_PROBABILITIES')
      return { refused: 'its scores rule out everything that validation users chose' };
    throw cause;
  }
}

/** The numbers of the terms that the estimates read. */
const COLUMNS = ['weight', 'direct', 'predicted', 'unlogged', 'unsupported'] as const;

function columnsOf({ action, cluster, reward }: BanditFeedback, terms: PolicyTerms): Values {
  const column = (dtype: 'int32' | 'float32', data: ArrayLike<number>) => ({
    dtype,
    shape: [data.length],
    data: dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data),
  });
  return {
    action: column('int32', action),
    cluster: column('int32', cluster!),
    reward: column('float32', reward),
    ...Object.fromEntries(COLUMNS.map((name) => [name, column('float32', terms[name]!)])),
  };
}

function estimatedOf(name: string, actions: number, columns: Values): Exclude<Estimated, { refused: string }> {
  const numbers = (column: string) => Float64Array.from(columns[column]!.data);
  const [action, cluster, reward] = [columns.action!.data, columns.cluster!.data, numbers('reward')];
  const terms = Object.fromEntries(COLUMNS.map((column) => [column, numbers(column)]));
  return {
    // Estimates by terms do not read propensities, which are in the weights.
    feedback: { actions, action, cluster, reward, propensity: reward.map(() => 1) },
    terms: { name, ...terms } as unknown as PolicyTerms,
  };
}

function hashOf(columns: Values): string {
  return contentHash(
    ...Object.entries(columns)
      .sort()
      .flatMap(([name, { data }]) => [name, data]),
  );
}
