import { contentHash, LeaError, withDefaults } from '@lea/core';
import { historyWindows, type Transitions } from '@lea/data';
import { float32, int32, type Values } from '@lea/tensor';
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

/** What the environment says of every row of a set. */
export interface Annotation {
  readonly rows: number;
  readonly k: number;
  /** [rows, stateSize] where asked for. */
  readonly state?: Float32Array;
  /** [rows] raw reward of the logged action. */
  readonly reward: Float32Array;
  /** [rows, k] the best items by the rule of the options, best first; never the logged action. */
  readonly positives: Int32Array;
  /** [rows, k] their state logits. */
  readonly logits: Float32Array;
  /** [rows, k] their raw rewards. */
  readonly positiveRewards: Float32Array;
  /** Mean and standard deviation of `reward`: what rewards are standardised with. */
  readonly rewardMean: number;
  readonly rewardStd: number;
  readonly hash: string;
}

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
  const o = withDefaults('annotate', DEFAULTS, options);
  checkRule('annotate', o);
  const window = o.window ?? env.window;
  const { itemIds, items, offsets } = transitions.sequences;
  if (itemIds.length !== env.items) {
    throw new LeaError('E_OPTION_VALUE', `The environment knows ${env.items} items, the rows ${itemIds.length}.`);
  }
  if (transitions.count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to annotate.');
  const { k, states, excludeSeen, rank, shortlist = null, popularity, pessimism } = o;
  const plan = { k, window, states, excludeSeen, rank, shortlist, popularity, pessimism, shard: SHARD_ROWS };
  const hash = contentHash('annotation', env.hash, items, offsets, transitions.event, transitions.sequence, plan);
  const store: Store | undefined = o.dir === undefined ? undefined : annotationStore(o.dir, hash);

  const total = transitions.count;
  const shards: Values[] = [];
  let computed = 0;
  for (let from = 0; from < total; from += SHARD_ROWS) {
    o.signal?.throwIfAborted();
    const to = Math.min(from + SHARD_ROWS, total);
    let shard = await store?.read(shards.length);
    if (!shard) {
      shard = await annotateRows(env, transitions, from, to, { ...o, window });
      await store?.write(shards.length, shard);
      computed += to - from;
      yield { stage: 'annotation', step: to, total };
    }
    shards.push(shard);
  }
  if (computed === 0) yield { stage: 'reused', step: total, total };

  const joined = <T extends Float32Array | Int32Array>(name: string, make: (size: number) => T): T => {
    const parts = shards.map((shard) => shard[name]!.data as T);
    const all = make(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const floats = (name: string): Float32Array => joined(name, (size) => new Float32Array(size));
  const reward = floats('reward');
  const rewardMean = reward.reduce((a, b) => a + b, 0) / total;
  const rewardStd = Math.sqrt(reward.reduce((a, b) => a + (b - rewardMean) ** 2, 0) / total);
  return {
    rows: total,
    k: o.k,
    ...(o.states ? { state: floats('state') } : {}),
    reward,
    positives: joined('positives', (size) => new Int32Array(size)),
    logits: floats('logits'),
    positiveRewards: floats('positiveRewards'),
    rewardMean,
    rewardStd,
    hash,
  };
}

async function annotateRows(
  env: Environment,
  transitions: Transitions,
  from: number,
  to: number,
  o: AnnotateOptions & { readonly window: number },
): Promise<Values> {
  const { k, rank, shortlist, popularity, pessimism } = o;
  const D = env.stateSize;
  const rows = to - from;
  const state = new Float32Array(o.states ? rows * D : 0);
  const reward = new Float32Array(rows);
  const positives = new Int32Array(rows * k);
  const logits = new Float32Array(rows * k);
  const positiveRewards = new Float32Array(rows * k);
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
      reward[at + i] = rewards[i * (k + 1)]!;
      positiveRewards.set(rewards.subarray(i * (k + 1) + 1, (i + 1) * (k + 1)), (at + i) * k);
    }
    positives.set(best.items, at * k);
    logits.set(best.logits, at * k);
    if (o.states) state.set(encoded.state, at * D);
  }
  return {
    ...(o.states ? { state: float32(state, [rows, D]) } : {}),
    reward: float32(reward, [rows]),
    positives: int32(positives, [rows, k]),
    logits: float32(logits, [rows, k]),
    positiveRewards: float32(positiveRewards, [rows, k]),
  };
}
