import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash } from '@lea/core';
import { readSealed } from '@lea/core/node';
import type { PlannedJob } from './graph.ts';

/** The expected time of a job. */
export interface Cost {
  /** Median over the records. */
  readonly seconds: number;
  /** Number of finished jobs that it is estimated from. */
  readonly records: number;
}

/** Estimates the time of jobs by their kind and content; undefined where nothing like it is finished. */
export type Estimate = (job: Pick<PlannedJob, 'kind' | 'resolved'>) => Cost | undefined;

/** Records below a folder of runs, by the kind of their jobs. Runs and baselines say themselves which of both they are. */
const places: readonly (readonly [PlannedJob['kind'] | undefined, string])[] = [
  [undefined, '*/*/record.json'],
  ['off-policy estimate', '*/*/off-policy-*/record.json'],
  ['trial', '*/search/*/record.json'],
  ['environment', '*/environments/*/record.json'],
  ['annotation', '*/environments/*/annotation-*/record.json'],
  ['annotation part', '*/environments/*/annotation-*/part-*/record.json'],
  ['language model', '*/language/model-*/record.json'],
  ['item tokens', '*/language/tokens-*/record.json'],
];

interface Timed {
  readonly kind?: PlannedJob['kind'];
  readonly config?: unknown;
  readonly resolved?: unknown;
  readonly seconds?: number;
  readonly languageSeconds?: number;
}

/**
 * Reads the times of all finished jobs in a folder of runs. Like a job is first the same job with another seed or version, else
 * one of the same type on the same data. Files that cannot be read tell nothing.
 */
export async function estimateFrom(runs: string): Promise<Estimate> {
  const times = new Map<string, number[]>();
  for (const [kind, pattern] of places) {
    for await (const path of glob(pattern, { cwd: runs })) {
      const record = (await readSealed(join(runs, path)).catch(() => ({}))) as Timed;
      const seconds = (record.seconds ?? Number.NaN) - (record.languageSeconds ?? 0);
      const own = kind ?? record.kind;
      if (!own || !Number.isFinite(seconds)) continue;
      for (const key of likenesses(own, record.config ?? record.resolved)) {
        times.set(key, [...(times.get(key) ?? []), seconds]);
      }
    }
  }
  return ({ kind, resolved }) => {
    const like = likenesses(kind, resolved).map((key) => times.get(key));
    const found = like.find((seconds) => seconds !== undefined);
    return found && { seconds: median(found), records: found.length };
  };
}

/** What jobs that take about as long have in common, the closest first. */
function likenesses(kind: PlannedJob['kind'], resolved: unknown): string[] {
  // As JSON has it, where nothing is undefined.
  const known = JSON.parse(JSON.stringify(resolved ?? {})) as Resolved;
  return [contentHash('same', kind, lasting(known)), contentHash('like', kind, ...typesOf(known))];
}

interface Resolved {
  readonly seed?: unknown;
  readonly versions?: unknown;
  readonly name?: string;
  /** Data of language models and item tokens; `dataHash` is that of all others, split included. */
  readonly data?: string;
  readonly dataHash?: string;
  readonly tier?: string;
  readonly environment?: Resolved;
  readonly config?: {
    readonly name?: string;
    readonly type?: string;
    readonly tier?: string;
    readonly agent?: { readonly type?: string; readonly encoder?: { readonly type?: string } };
  };
}

/** Without seeds, versions and names, also of the environments within. */
function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !['seed', 'versions', 'name'].includes(name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, lasting(inner)]));
}

function typesOf({ data, dataHash, tier, config, environment }: Resolved): unknown[] {
  const { agent } = config ?? {};
  return [
    data ?? dataHash ?? environment?.dataHash ?? null,
    tier ?? config?.tier ?? environment?.config?.tier ?? null,
    config?.type ?? agent?.type ?? null,
    agent?.encoder?.type ?? null,
  ];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
