import { checkRanges, contentHash, LeaError, withDefaults } from '@lea/core';
import { historyWindows, type Transitions } from '@lea/data';
import type { Values } from '@lea/tensor';
import { type Annotation, type AnnotationColumns, columnValues, copyRows, emptyColumns } from './annotation.ts';
import { type AnnotationFiles, annotationFiles } from './annotation-files.ts';
import { annotationStore, type Store } from './annotation-store.ts';
import type { Environment } from './environment.ts';
import { checkRule, type PositiveRule, positivesOf, RULE } from './positives.ts';
import type { Progress } from './progress.ts';

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
   * c of mean - c * deviation over the score heads: what rewards are, and what `rank: 'reward'` ranks by (default 0: the mean).
   * Higher: less of what the heads disagree about. Needs `rewardHeads` above 1.
   */
  readonly pessimism: number;
  /** Where annotations are kept; each has a folder of its own, named by its hash. Without it nothing is written. */
  readonly dir: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: AnnotateOptions = {
  ...RULE,
  k: 20,
  window: undefined,
  states: false,
  excludeSeen: false,
  pessimism: 0,
  dir: undefined,
  signal: undefined,
};

const SHARD_ROWS = 4096;
const CHUNK_ROWS = 512;

/**
 * Asks the environment about every row once: state, reward of the logged action, the k best other actions with their
 * logits and rewards. With `dir`, rows are kept in shards, each written whole: what a killed run had finished is not
 * computed again, and a second call computes nothing (its only progress has the stage `reused`).
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_DISK_FULL`
 */
export async function* annotate(
  env: Environment,
  transitions: Transitions,
  options?: Partial<AnnotateOptions>,
): AsyncGenerator<Progress, Annotation> {
  const job = jobOf(env, transitions, options);
  const columns = emptyColumns(transitions.count, job.o.k, job.stateSize);
  yield* annotateShards(job, (from, shard) => {
    copyRows(columns, from, shard, 0, shard.reward!.data.length);
  });
  return { ...about(job, columns.reward), ...columns };
}

/**
 * As {@link annotate}, for sets whose annotation is not to be held in memory: it stays in `dir`, and rows are read when
 * asked for. Of every row, four bytes are held.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_DISK_FULL`
 */
export async function* annotateToFiles(
  env: Environment,
  transitions: Transitions,
  options: Partial<AnnotateOptions> & { readonly dir: string },
): AsyncGenerator<Progress, AnnotationFiles> {
  const job = jobOf(env, transitions, options);
  if (!job.store) throw new LeaError('E_OPTION_VALUE', 'annotateToFiles needs the folder to write to (dir).');
  const reward = new Float32Array(transitions.count);
  yield* annotateShards(job, (from, shard) => void reward.set(shard.reward!.data, from));
  return annotationFiles(job.store, about(job, reward), SHARD_ROWS, job.stateSize);
}

interface Job {
  readonly env: Environment;
  readonly transitions: Transitions;
  readonly o: AnnotateOptions & { readonly window: number };
  readonly hash: string;
  readonly store: Store | undefined;
  /** Columns of the states that are kept. */
  readonly stateSize: number;
}

function jobOf(env: Environment, transitions: Transitions, options: Partial<AnnotateOptions> | undefined): Job {
  const o = withDefaults('annotate', DEFAULTS, options);
  checkRule('annotate', o);
  checkRanges('annotate', o, { k: [1, Infinity, 'whole'], pessimism: [0, Infinity] });
  const window = o.window ?? env.window;
  const { itemIds, items, offsets } = transitions.sequences;
  if (itemIds.length !== env.items) {
    throw new LeaError('E_OPTION_VALUE', `The environment knows ${env.items} items, the rows ${itemIds.length}.`);
  }
  if (transitions.count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to annotate.');
  const { k, states, excludeSeen, rank, shortlist = null, popularity, pessimism } = o;
  const plan = { k, window, states, excludeSeen, rank, shortlist, popularity, pessimism, shard: SHARD_ROWS };
  const hash = contentHash('annotation', env.hash, items, offsets, transitions.event, transitions.sequence, plan);
  const store = o.dir === undefined ? undefined : annotationStore(o.dir, hash);
  return { env, transitions, o: { ...o, window }, hash, store, stateSize: states ? env.stateSize : 0 };
}

/** Computes the shards that the store does not have; `take` gets every one, with its first row. */
async function* annotateShards(
  { env, transitions, o, store }: Job,
  take: (from: number, shard: Values) => void,
): AsyncGenerator<Progress, void> {
  const total = transitions.count;
  let computed = 0;
  for (let from = 0; from < total; from += SHARD_ROWS) {
    o.signal?.throwIfAborted();
    const number = from / SHARD_ROWS;
    const to = Math.min(from + SHARD_ROWS, total);
    let shard = await store?.read(number);
    if (!shard) {
      shard = await annotateRows(env, transitions, from, to, o);
      await store?.write(number, shard);
      computed += to - from;
      yield { stage: 'annotation', step: to, total };
    }
    take(from, shard);
  }
  if (computed === 0) yield { stage: 'reused', step: total, total };
}

function about({ env, o, hash }: Job, reward: Float32Array): Omit<Annotation, keyof AnnotationColumns> {
  const rows = reward.length;
  const rewardMean = reward.reduce((a, b) => a + b, 0) / rows;
  const rewardStd = Math.sqrt(reward.reduce((a, b) => a + (b - rewardMean) ** 2, 0) / rows);
  const { calibration } = env;
  return { rows, k: o.k, rewardMean, rewardStd, ...(calibration && { calibration }), hash };
}

async function annotateRows(
  env: Environment,
  transitions: Transitions,
  from: number,
  to: number,
  o: AnnotateOptions & { readonly window: number },
): Promise<Values> {
  const { k, rank, shortlist, popularity, pessimism } = o;
  const D = o.states ? env.stateSize : 0;
  const rows = to - from;
  const columns = emptyColumns(rows, k, D);
  for (let at = 0; at < rows; at += CHUNK_ROWS) {
    const size = Math.min(CHUNK_ROWS, rows - at);
    const some = Int32Array.from({ length: size }, (_, i) => from + at + i);
    const windows = historyWindows(transitions, some, o.window);
    const logged = some.map((row) => transitions.sequences.items[transitions.event[row]!]!);
    const encoded = await env.encode(windows);
    const exclude = Array.from(logged, (item, i) => {
      if (!o.excludeSeen) return [item];
      return [item, ...windows.items.subarray(i * o.window, i * o.window + windows.length[i]!)];
    });
    const best = await positivesOf(env, encoded, k, { rank, shortlist, popularity, pessimism, exclude });
    const actions = new Int32Array(size * (k + 1));
    for (let i = 0; i < size; i++) {
      actions[i * (k + 1)] = logged[i]!;
      actions.set(best.items.subarray(i * k, (i + 1) * k), i * (k + 1) + 1);
    }
    const rewards = await env.rewardsEncoded(encoded, actions, { pessimism });
    for (let i = 0; i < size; i++) {
      columns.reward[at + i] = rewards[i * (k + 1)]!;
      columns.positiveRewards.set(rewards.subarray(i * (k + 1) + 1, (i + 1) * (k + 1)), (at + i) * k);
    }
    columns.positives.set(best.items, at * k);
    columns.logits.set(best.logits, at * k);
    columns.state?.set(encoded.state, at * D);
  }
  return columnValues(columns);
}
