import {
  abortSignal,
  checkObjects,
  contentHash,
  finite,
  flag,
  type Given,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  type Task,
  task,
  text,
  whole,
} from '@lea/core';
import {
  type Annotation,
  type AnnotationColumns,
  checkCatalogIdentity,
  checkTransitions,
  positivesPerRow,
  rewardStatistics,
  rowsHash,
  type Transitions,
} from '@lea/data';
import type { Values } from '@lea/tensor';
import type { Environment } from '../inference/environment.ts';
import { type PositiveRule, ruleSchema } from '../inference/positives.ts';
import { checkEnvironments } from '../shared/arguments.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { annotateRows } from './annotate-rows.ts';
import { columnValues, copyRows, emptyColumns } from './columns.ts';
import { type AnnotationFiles, annotationFiles } from './files.ts';
import { annotationStore, type Store } from './store.ts';

/** Options of `annotate`. */
export interface AnnotateOptions extends PositiveRule {
  /** Number of positive actions per row. Default: 20, or in a smaller catalog all that every row has. */
  readonly k: number | undefined;
  /** Number of recent events that are read of a history. Default: the environment's window. */
  readonly window: number | undefined;
  /** Stores the state of every row too; it takes rows * stateSize * 4 bytes. Default: false. */
  readonly states: boolean;
  /** Excludes the items of the row's window. Users who repeat themselves need `false`. Default: false. */
  readonly excludeSeen: boolean;
  /**
   * Factor c of a reward, mean - c * deviation over the score heads. It decides the stored rewards and `rankBy: 'reward'`. Higher:
   * fewer actions on which the heads disagree. Needs `rewardHeads` above 1. Default: 0.
   */
  readonly pessimism: number;
  /** Folder in which annotations are stored, each under its hash. Default: none, nothing is written. */
  readonly dir: string | undefined;
  /** Number of rows per file in `dir`. Higher: fewer files, more work to repeat after an interruption. Default: 4096. */
  readonly shardRows: number;
  /** Aborts the annotation. Default: none. */
  readonly signal: AbortSignal | undefined;
}

export const annotateSchema: OptionsSchema<AnnotateOptions> = {
  ...ruleSchema,
  k: option(whole(1), undefined),
  window: option(whole(1), undefined),
  states: option(flag, false),
  excludeSeen: option(flag, false),
  pessimism: option(finite(0), 0),
  dir: option(text, undefined),
  shardRows: option(whole(1), 4096),
  signal: option(abortSignal, undefined),
};

/** Number of rows per call of the environment and per progress event. */
const CHUNK_ROWS = 1024;

/**
 * Annotates every row with the environment: the reward of the logged action, the k best other actions with their logits and
 * rewards, and optionally the state. Histories that fit in the window are read once per user, for all decisions together.
 * With `dir`, results are saved in shards, so that an interrupted run resumes, and a repeated call only reads them (its only
 * event has the stage `reused`).
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_DISK_FULL`
 */
export function annotate(
  env: Environment,
  transitions: Transitions,
  options?: Given<AnnotateOptions>,
): Task<Annotation, EnvironmentEvent<'annotation' | 'reused'>> {
  return task(() => annotating(env, transitions, options));
}

async function* annotating(
  env: Environment,
  transitions: Transitions,
  options?: Given<AnnotateOptions>,
): AsyncGenerator<EnvironmentEvent<'annotation' | 'reused'>, Annotation> {
  checkEnvironments('annotate', { env });
  checkTransitions('annotate', { transitions });
  const job = jobOf(env, transitions, options);
  const columns = emptyColumns(transitions.count, job.o.k, job.stateSize);
  yield* annotateShards(job, undefined, (from, shard) => {
    copyRows(columns, from, shard, 0, shard.reward!.data.length);
  });
  return { ...aboutRows(job, columns.reward), ...columns };
}

/**
 * {@link annotate} for sets whose annotation does not fit in memory: it stays in `dir`, and rows are read on demand. It needs
 * four bytes of memory per row.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_DISK_FULL`
 */
export function annotateToFiles(
  env: Environment,
  transitions: Transitions,
  options: Given<AnnotateOptions> & {
    /** Folder for the annotation. */
    readonly dir: string;
  },
): Task<AnnotationFiles, EnvironmentEvent<'annotation' | 'reused'>> {
  return task(() => annotatingToFiles(env, transitions, options));
}

async function* annotatingToFiles(
  env: Environment,
  transitions: Transitions,
  options: Given<AnnotateOptions> & { readonly dir: string },
): AsyncGenerator<EnvironmentEvent<'annotation' | 'reused'>, AnnotationFiles> {
  checkEnvironments('annotateToFiles', { env });
  checkTransitions('annotateToFiles', { transitions });
  checkObjects('annotateToFiles', { options });
  const job = jobOf(env, transitions, options);
  if (!job.store) throw new LeaError('E_OPTION_VALUE', 'annotateToFiles needs the option dir, the folder to write to.');
  const reward = new Float32Array(transitions.count);
  const isReward = (column: string): boolean => column === 'reward';
  yield* annotateShards(job, isReward, (from, shard) => void reward.set(shard.reward!.data, from));
  return annotationFiles(job.store, aboutRows(job, reward), transitions, job.o.shardRows, job.stateSize);
}

/** One of several parts of about equal size. */
export interface AnnotationPart {
  /** 0 to `of - 1`. */
  readonly part: number;
  /** Number of parts. */
  readonly of: number;
}

/**
 * Annotates a part of the rows into `dir`, so that several processes or machines can share the work. When all parts are done,
 * {@link annotate} and {@link annotateToFiles} with the same options find every row there.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_DISK_FULL`
 */
export function annotatePart(
  env: Environment,
  transitions: Transitions,
  options: Given<AnnotateOptions> & {
    /** Folder for the annotation, which all processes share. */
    readonly dir: string;
  },
  part: AnnotationPart,
): Task<void, EnvironmentEvent<'annotation' | 'reused'>> {
  return task(() => annotatingPart(env, transitions, options, part));
}

async function* annotatingPart(
  env: Environment,
  transitions: Transitions,
  options: Given<AnnotateOptions> & { readonly dir: string },
  range: AnnotationPart,
): AsyncGenerator<EnvironmentEvent<'annotation' | 'reused'>, void> {
  checkEnvironments('annotatePart', { env });
  checkTransitions('annotatePart', { transitions });
  checkObjects('annotatePart', { options, part: range });
  const { part, of } = range;
  if (!(Number.isInteger(part) && Number.isInteger(of) && part >= 0 && part < of)) {
    throw new LeaError('E_OPTION_VALUE', 'annotatePart: expected whole numbers, part from 0 to less than of.', {
      value: { part, of },
      hint: 'For example, { part: 0, of: 2 } and { part: 1, of: 2 } are all rows.',
    });
  }
  const job = jobOf(env, transitions, options);
  if (!job.store) throw new LeaError('E_OPTION_VALUE', 'annotatePart needs the option dir, the folder to write to.');
  const shards = Math.ceil(transitions.count / job.o.shardRows);
  const [from, to] = [part, part + 1].map((end) => Math.floor((end * shards) / of)) as [number, number];
  // Stored shards are checked whole, and none is kept.
  yield* annotateShards(job, undefined, () => {}, from, to);
}

interface Job {
  readonly env: Environment;
  readonly transitions: Transitions;
  readonly o: CompleteOptions;
  readonly hash: string;
  readonly rowsHash: string;
  readonly store: Store | undefined;
  /** Dimension of the saved states; 0 without states. */
  readonly stateSize: number;
}

/** Options whose defaults are known. */
type CompleteOptions = AnnotateOptions & { readonly k: number; readonly window: number };

/**
 * Completes options with the defaults and checks them.
 *
 * @param transitions the rows to annotate
 * @param window the environment's window, the default of the option
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function annotateOptions(
  options: Given<AnnotateOptions> | undefined,
  transitions: Transitions,
  window: number,
): CompleteOptions {
  const parsed = parseOptions('annotate', annotateSchema, options);
  const o = { ...parsed, window: parsed.window ?? window };
  return { ...o, k: positivesPerRow('annotate', transitions, o) };
}

function jobOf(env: Environment, transitions: Transitions, options: Given<AnnotateOptions> | undefined): Job {
  checkCatalogIdentity('annotate', transitions.sequences.itemIds, env.catalogIdentity, env.items);
  if (transitions.count === 0) throw new LeaError('E_DATA_EMPTY', 'Expected at least one row to annotate, got none.');
  const o = annotateOptions(options, transitions, env.window);
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
 * Computes the shards that are not in the store. `take` receives every shard with the index of its first row.
 *
 * @param wanted the columns to read of stored shards (default: all)
 * @param firstShard number of the first shard
 * @param endShard number after the last one
 */
async function* annotateShards(
  { env, transitions, o, store, stateSize }: Job,
  wanted: ((column: string) => boolean) | undefined,
  take: (from: number, shard: Values) => void,
  firstShard = 0,
  endShard = Infinity,
): AsyncGenerator<EnvironmentEvent<'annotation' | 'reused'>, void> {
  const first = firstShard * o.shardRows;
  const total = Math.min(transitions.count, endShard * o.shardRows);
  let computed = 0;
  for (let from = first; from < total; from += o.shardRows) {
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
      yield { stage: 'annotation', done: end - first, total: total - first, unit: 'rows' };
    }
  }
  const rows = total - first;
  if (computed === 0) yield { stage: 'reused', done: rows, total: rows, unit: 'rows' };
}

function aboutRows(
  { env, o, hash, rowsHash: about }: Job,
  reward: Float32Array,
): Omit<Annotation, keyof AnnotationColumns> {
  // The calibration belongs to the mean over the heads, not to pessimistic rewards.
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
