import { join } from 'node:path';
import type { Fusion } from '@lea/agents';
import { contentHash } from '@lea/core';
import { writeSealed } from '@lea/core/node';
import { averages, type Evaluation, parseMetric, type Recommendations } from '@lea/eval';
import { readSafetensors, writeSafetensors } from '@lea/tensor';
import type { CurvePoint, FittedFusion } from '@lea/train';
import type { Experiment } from '../config/schema.ts';
import type { Context } from './context.ts';
import { broken, intact, readRecord } from './intact.ts';
import type { Job } from './plan.ts';
import type { Trial } from './tuning.ts';
import { versions } from './versions.ts';

/** Everything needed to say what was run, and to run it again. */
export interface RunRecord {
  readonly id: string;
  readonly name: string;
  readonly kind: 'baseline' | 'run';
  readonly experiment: string;
  readonly dataset: string;
  /** Hash of events, texts and split. */
  readonly dataHash: string;
  readonly seed: number;
  /** Resolved to the last option: what the id hashes. */
  readonly config: unknown;
  readonly protocol: {
    readonly split: unknown;
    readonly rewards: Experiment['rewards'];
    readonly evaluation: Evaluation['protocol'];
    /** The head whose scores rank; null for baselines. */
    readonly rankingHead: string | null;
  };
  readonly versions: Readonly<Record<string, string>>;
  /** Versions of the packages that the config imports. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly threads: number;
  /** Test metrics: `ndcg@10`, `hr@10/purchase`, ... */
  readonly metrics: Readonly<Record<string, number>>;
  /** Metrics of the lists that were recommended to the test users, if the config asks for them. */
  readonly lists?: Pick<Recommendations, 'per' | 'exclude'> & { readonly metrics: Readonly<Record<string, number>> };
  /** Hash of the ranks behind the metrics; absent in records from before files carried hashes. */
  readonly ranksHash?: string;
  /** Working time without the environment's, over all sittings of a resumed run. */
  readonly seconds: number;
  /** Null for baselines, which have no weights. */
  readonly weightsHash: string | null;
  /** Constants of a baseline, including those that validation chose. */
  readonly baseline?: unknown;
  /** The constants that were tried on validation, in this order, each with what it came to. */
  readonly tuning?: readonly Trial[];
  readonly training?: {
    readonly steps: number;
    readonly best: CurvePoint | null;
    readonly curve: readonly CurvePoint[];
    /** Numbers in all trained networks. */
    readonly parameters: number;
  };
  /** The memory of a policy, and how it joins the network. */
  readonly memory?: {
    readonly hash: string;
    readonly seconds: number;
    readonly fusion: Fusion;
    /** Weights that were tried on validation. */
    readonly curve?: FittedFusion['curve'];
  };
  /** The validation metric of what is served, by which policies are chosen; absent for baselines. */
  readonly validation?: number;
  /** Cost of serving. */
  readonly serving?: Serving;
  readonly environment?: {
    readonly name: string;
    readonly hash: string;
    readonly seconds: number;
    /** Each train user was annotated by an environment that was fitted on the other folds: so many were fitted. */
    readonly folds?: number;
  };
}

/** A finished run with its per-event test ranks. */
export interface FinishedRun {
  readonly record: RunRecord;
  readonly evaluation: Evaluation;
  /** False when it was found finished on disk. */
  readonly fresh: boolean;
}

/** Cost of recommending. */
export interface Serving {
  /** Median time of ten recommendations for one user, on this machine. */
  readonly milliseconds: number;
  /** Weights and tables; null where nothing of the kind is held. */
  readonly megabytes: number | null;
}

/** The part of a record that follows from job, context and evaluation. */
export function baseRecord(
  job: Job,
  { experiment, packages, dataset, split, dataHash }: Context,
  evaluation: Evaluation,
  rankingHead: string | null = null,
): Omit<RunRecord, 'threads' | 'seconds' | 'weightsHash'> {
  return {
    id: job.id,
    name: job.name,
    kind: job.kind,
    experiment: experiment.name,
    dataset: dataset.name,
    dataHash,
    seed: job.seed,
    config: job.resolved,
    protocol: { split: split.info, rewards: experiment.rewards, evaluation: evaluation.protocol, rankingHead },
    versions: versions(),
    ...(Object.keys(packages).length > 0 && { packages }),
    metrics: evaluation.metrics,
    ranksHash: ranksHash(evaluation),
  };
}

/** Writes ranks first and the record last: a record on disk means that the run is finished. */
export async function saveRun(folder: string, record: RunRecord, evaluation: Evaluation): Promise<void> {
  const column = (data: ArrayLike<number>) => ({
    dtype: 'int32' as const,
    shape: [data.length],
    data: Int32Array.from(data),
  });
  const { ranks, target, user, kind } = evaluation;
  await writeSafetensors(
    join(folder, 'ranks.safetensors'),
    { ranks: column(ranks), target: column(target), user: column(user), kind: column(kind) },
    { kinds: JSON.stringify(evaluation.kinds) },
  );
  await writeSealed(recordPath(folder), record);
}

/** Path of the record of a finished run. */
export function recordPath(folder: string): string {
  return join(folder, 'record.json');
}

/**
 * The finished run of a job, or undefined when there is none yet.
 *
 * @throws LeaError `E_RUN_BROKEN` when record and ranks are damaged, do not belong together, or are of another job
 */
export async function loadRun({ id, folder }: Pick<Job, 'id' | 'folder'>): Promise<FinishedRun | undefined> {
  const record = await readRecord<RunRecord>(recordPath(folder), { id });
  if (!record) return undefined;
  const evaluation = await intact(folder, () => readEvaluation(folder, record));
  if (record.ranksHash !== undefined && record.ranksHash !== ranksHash(evaluation)) {
    throw broken(folder, 'its ranks do not match its record');
  }
  const wrong = wrongMetric(record.metrics, evaluation);
  if (wrong !== undefined) throw broken(folder, `its ranks do not give the ${wrong} in its record`);
  return { record, evaluation, fresh: false };
}

async function readEvaluation(folder: string, record: RunRecord): Promise<Evaluation> {
  const { tensors, metadata } = await readSafetensors(join(folder, 'ranks.safetensors'));
  return {
    name: record.name,
    ranks: tensors.ranks!.data as Int32Array,
    target: tensors.target!.data as Int32Array,
    user: tensors.user!.data as Int32Array,
    kind: Uint8Array.from(tensors.kind!.data),
    kinds: JSON.parse(metadata.kinds ?? '[]') as string[],
    metrics: { ...record.metrics },
    events: tensors.ranks!.data.length,
    protocol: record.protocol.evaluation,
  };
}

function ranksHash({ ranks, target, user, kind, kinds }: Evaluation): string {
  return contentHash(ranks, target, user, kind, kinds);
}

/** The first metric that the ranks do not come to; the last digits depend on the order of sums. */
function wrongMetric(metrics: RunRecord['metrics'], { ranks, kind, kinds }: Evaluation): string | undefined {
  const names = Object.keys(metrics);
  const ks = new Set(names.map((name) => parseMetric(name, kinds).k));
  const again = averages(ranks, kind, kinds, [...ks]);
  // JSON has no NaN, the average of no events.
  const isSame = (name: string): boolean =>
    Number.isNaN(again[name]) ? metrics[name] === null : Math.abs(metrics[name]! - again[name]!) < 1e-9;
  return names.find((name) => !isSame(name));
}

/** The fields of a finished run that `--json` prints. */
export function jsonLine({ record, fresh }: FinishedRun): Record<string, unknown> {
  const { name, kind, dataset, seed, metrics, lists, seconds, weightsHash, id, experiment, training, environment } =
    record;
  return {
    name,
    dataset,
    seed,
    metrics,
    ...(lists && { lists }),
    seconds,
    weightsHash,
    id,
    kind,
    experiment,
    steps: training?.steps ?? null,
    bestStep: training?.best?.step ?? null,
    environment: environment ?? null,
    reused: !fresh,
  };
}
