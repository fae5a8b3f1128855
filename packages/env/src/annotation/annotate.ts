import {
  contentHash,
  finite,
  flag,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  reference,
  type Task,
  task,
  text,
  whole,
} from '@lea/core';
import {
  type Annotation,
  type AnnotationColumns,
  checkCatalogIdentity,
  rewardStatistics,
  rowsHash,
  type Transitions,
} from '@lea/data';
import type { Values } from '@lea/tensor';
import type { Environment } from '../inference/environment.ts';
import { type PositiveRule, ruleSchema } from '../inference/positives.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { annotateRows } from './annotate-rows.ts';
import { columnValues, copyRows, emptyColumns } from './columns.ts';
import { type AnnotationFiles, annotationFiles } from './files.ts';
import { annotationStore, type Store } from './store.ts';

export interface AnnotateOptions extends PositiveRule {
  /** Positive actions per row (default 20). */
  readonly k: number;
  /** Events of history that are read (default: the environment's window). */
  readonly window: number | undefined;
  /** Keep the state of every row too (default false): rows * stateSize * 4 bytes. */
  readonly states: boolean;
  /** Never propose what is in the row's window (default false: where people repeat, repeats are good actions). */
  readonly excludeSeen: boolean;
  /**
   * c of mean - c * deviation over the score heads: what rewards are, and what `rankBy: 'reward'` ranks by (default 0: the mean).
   * Higher: less of what the heads disagree about. Needs `rewardHeads` above 1.
   */
  readonly pessimism: number;
  /** Where annotations are kept; each has a folder of its own, named by its hash. Without it nothing is written. */
  readonly dir: string | undefined;
  /** Rows of a file in `dir` (default 4096). Higher: fewer files, more to do again after a cut. */
  readonly shardRows: number;
  readonly signal: AbortSignal | undefined;
}

export const annotateSchema: OptionsSchema<AnnotateOptions> = {
  ...ruleSchema,
  k: option(whole(1), 20),
  window: option(whole(1), undefined),
  states: option(flag, false),
  excludeSeen: option(flag, false),
  pessimism: option(finite(0), 0),
  dir: option(text, undefined),
  shardRows: option(whole(1), 4096),
  signal: option(reference<AbortSignal>(), undefined),
};

/** Rows that the environment is asked about together: a step of the progress. */
const CHUNK_ROWS = 1024;

/**
 * Asks the environment about every row once: state, reward of the logged action, the k best other actions with their
 * logits and rewards. Histories that fit in the window are read once per user, whatever the number of decisions. With
 * `dir`, rows are kept in shards, each written whole: what a killed run had finished is not computed again, and a second
 * call computes nothing (its only event has the stage `reused`).
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_DISK_FULL`
 */
export function annotate(
  env: Environment,
  transitions: Transitions,
  options?: Partial<AnnotateOptions>,
): Task<Annotation, EnvironmentEvent<'annotation' | 'reused'>> {
  return task(() => annotating(env, transitions, options));
}

async function* annotating(
  env: Environment,
  transitions: Transitions,
  options?: Partial<AnnotateOptions>,
): AsyncGenerator<EnvironmentEvent<'annotation' | 'reused'>, Annotation> {
  const job = jobOf(env, transitions, options);
  const columns = emptyColumns(transitions.count, job.o.k, job.stateSize);
  yield* annotateShards(job, undefined, (from, shard) => {
    copyRows(columns, from, shard, 0, shard.reward!.data.length);
  });
  return { ...aboutRows(job, columns.reward), ...columns };
}

/**
 * As {@link annotate}, for sets whose annotation is not to be held in memory: it stays in `dir`, and rows are read when
 * asked for. Of every row, four bytes are held.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_DISK_FULL`
 */
export function annotateToFiles(
  env: Environment,
  transitions: Transitions,
  options: Partial<AnnotateOptions> & { readonly dir: string },
): Task<AnnotationFiles, EnvironmentEvent<'annotation' | 'reused'>> {
  return task(() => annotatingToFiles(env, transitions, options));
}

async function* annotatingToFiles(
  env: Environment,
  transitions: Transitions,
  options: Partial<AnnotateOptions> & { readonly dir: string },
): AsyncGenerator<EnvironmentEvent<'annotation' | 'reused'>, AnnotationFiles> {
  const job = jobOf(env, transitions, options);
  if (!job.store) throw new LeaError('E_OPTION_VALUE', 'annotateToFiles needs the folder to write to (dir).');
  const reward = new Float32Array(transitions.count);
  const isReward = (column: string): boolean => column === 'reward';
  yield* annotateShards(job, isReward, (from, shard) => void reward.set(shard.reward!.data, from));
  return annotationFiles(job.store, aboutRows(job, reward), transitions, job.o.shardRows, job.stateSize);
}

interface Job {
  readonly env: Environment;
  readonly transitions: Transitions;
  readonly o: AnnotateOptions & { readonly window: number };
  readonly hash: string;
  readonly rowsHash: string;
  readonly store: Store | undefined;
  /** Columns of the states that are kept. */
  readonly stateSize: number;
}

/**
 * Options over defaults, checked for an environment of so many items.
 *
 * @param window of the environment: what is read where the options do not say it
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function annotateOptions(
  options: Partial<AnnotateOptions> | undefined,
  items: number,
  window: number,
): AnnotateOptions & { readonly window: number } {
  // The most positives that there can be are known here only.
  const schema = { ...annotateSchema, k: option(whole(1, items), annotateSchema.k.default) };
  const o = parseOptions('annotate', schema, options);
  return { ...o, window: o.window ?? window };
}

function jobOf(env: Environment, transitions: Transitions, options: Partial<AnnotateOptions> | undefined): Job {
  const o = annotateOptions(options, env.items, env.window);
  checkCatalogIdentity('annotate', transitions.sequences.itemIds, env.catalogIdentity, env.items);
  if (transitions.count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to annotate.');
  const { k, window, states, excludeSeen, rankBy, shortlist = null, popularityCorrection, pessimism } = o;
  const plan = {
    k,
    window,
    states,
    excludeSeen,
    rankBy,
    shortlist,
    popularityCorrection,
    pessimism,
    shard: o.shardRows,
  };
  const about = rowsHash(transitions);
  const hash = contentHash('annotation', env.hash, about, plan);
  const stateSize = states ? env.stateSize : 0;
  const columns = Object.keys(emptyColumns(0, k, stateSize));
  const store = o.dir === undefined ? undefined : annotationStore(o.dir, hash, columns);
  return { env, transitions, o, hash, rowsHash: about, store, stateSize };
}

/**
 * Computes the shards that the store does not have; `take` gets every one, with its first row.
 *
 * @param wanted the columns that are needed of those it has
 */
async function* annotateShards(
  { env, transitions, o, store, stateSize }: Job,
  wanted: ((column: string) => boolean) | undefined,
  take: (from: number, shard: Values) => void,
): AsyncGenerator<EnvironmentEvent<'annotation' | 'reused'>, void> {
  const total = transitions.count;
  let computed = 0;
  for (let from = 0; from < total; from += o.shardRows) {
    o.signal?.throwIfAborted();
    const number = from / o.shardRows;
    const found = await store?.read(number, wanted);
    if (found) {
      take(from, found);
      continue;
    }
    const to = Math.min(from + o.shardRows, total);
    const columns = emptyColumns(to - from, o.k, stateSize);
    for (let begin = from; begin < to; begin += CHUNK_ROWS) {
      o.signal?.throwIfAborted();
      const end = Math.min(begin + CHUNK_ROWS, to);
      await annotateRows(env, transitions, [begin, end], o, columns, begin - from);
      computed += end - begin;
      if (end === to) {
        const shard = columnValues(columns);
        await store?.write(number, shard);
        take(from, shard);
      }
      yield { stage: 'annotation', done: end, total, unit: 'rows' };
    }
  }
  if (computed === 0) yield { stage: 'reused', done: total, total, unit: 'rows' };
}

function aboutRows(
  { env, o, hash, rowsHash: about }: Job,
  reward: Float32Array,
): Omit<Annotation, keyof AnnotationColumns> {
  // A calibration is of the heads' mean: it says nothing of lowered rewards.
  const calibration = o.pessimism === 0 ? env.calibration : undefined;
  return {
    rows: reward.length,
    k: o.k,
    ...rewardStatistics(reward),
    ...(calibration && { calibration }),
    hash,
    rowsHash: about,
  };
}
