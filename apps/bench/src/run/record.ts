import { join } from 'node:path';
import { readWhole, replaceFile } from '@lea/core';
import type { Evaluation } from '@lea/eval';
import { readSafetensors, writeSafetensors } from '@lea/tensor';

/** A check of the learning curve. */
export interface CurvePoint {
  readonly step: number;
  readonly seconds: number;
  /** Validation metrics and losses. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Everything needed to say what was run, and to run it again. */
export interface RunRecord {
  readonly id: string;
  readonly name: string;
  readonly kind: 'baseline' | 'run';
  readonly experiment: string;
  readonly dataset: string;
  readonly dataHash: string;
  readonly seed: number;
  /** Resolved: what the id hashes. */
  readonly config: unknown;
  readonly protocol: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly threads: number;
  /** Test metrics: `ndcg@10`, `hr@10/purchase`, ... */
  readonly metrics: Readonly<Record<string, number>>;
  readonly events: number;
  /** Best validation metrics, of trained runs. */
  readonly validation?: Readonly<Record<string, number>>;
  readonly steps?: number;
  readonly bestStep?: number;
  readonly stopped?: string;
  /** Working time, over all sittings of a resumed run. */
  readonly seconds: number;
  /** Null for baselines, which have no weights. */
  readonly weightsHash: string | null;
  readonly environmentHash?: string;
}

/** A finished run: its record, its per-event test ranks and its learning curve. */
export interface FinishedRun {
  readonly record: RunRecord;
  readonly evaluation: Evaluation;
  readonly curve: readonly CurvePoint[];
  /** False when it was found finished on disk. */
  readonly fresh: boolean;
}

/** Writes ranks first and the record last: a record on disk means the run is finished. */
export async function saveRun(folder: string, record: RunRecord, evaluation: Evaluation): Promise<void> {
  const column = (data: ArrayLike<number>) => ({ dtype: 'int32' as const, shape: [data.length], data: Int32Array.from(data) });
  await writeSafetensors(
    join(folder, 'ranks.safetensors'),
    { ranks: column(evaluation.ranks), user: column(evaluation.user), kind: column(evaluation.kind) },
    { kinds: JSON.stringify(evaluation.kinds), name: evaluation.name },
  );
  await replaceFile(join(folder, 'record.json'), `${JSON.stringify(record, null, 2)}\n`);
}

/** The finished run in a folder, or undefined when there is none yet. */
export async function loadRun(folder: string): Promise<FinishedRun | undefined> {
  const text = await readWhole(join(folder, 'record.json')).catch(() => undefined);
  if (!text) return undefined;
  const record = JSON.parse(text.toString('utf8')) as RunRecord;
  const { tensors, metadata } = await readSafetensors(join(folder, 'ranks.safetensors'));
  const evaluation: Evaluation = {
    name: record.name,
    ranks: tensors.ranks!.data as Int32Array,
    user: tensors.user!.data as Int32Array,
    kind: Uint8Array.from(tensors.kind!.data),
    kinds: JSON.parse(metadata.kinds ?? '[]') as string[],
    metrics: { ...record.metrics },
    events: record.events,
  };
  return { record, evaluation, curve: await readCurve(folder), fresh: false };
}

/** The learning curve of a folder: whole lines only, since a killed run may leave half of one. */
export async function readCurve(folder: string): Promise<CurvePoint[]> {
  const text = await readWhole(join(folder, 'events.jsonl')).catch(() => undefined);
  return (text?.toString('utf8') ?? '').split('\n').flatMap((line) => {
    try {
      return line ? [JSON.parse(line) as CurvePoint] : [];
    } catch {
      return [];
    }
  });
}

/** Replaces the learning curve of a folder. */
export async function writeCurve(folder: string, curve: readonly CurvePoint[]): Promise<void> {
  await replaceFile(join(folder, 'events.jsonl'), curve.map((point) => `${JSON.stringify(point)}\n`).join(''));
}
