import {
  abortSignal,
  counts,
  type Given,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  type Task,
  task,
  whole,
} from '@lea/core';
import {
  checkScorers,
  checkScores,
  checkTransitions,
  historyWindows,
  itemsBefore,
  type Scorer,
  type Transitions,
} from '@lea/data';
import { inBatches } from './batches.ts';
import { checkItems, checkRanks } from './check-scorer.ts';
import type { EvaluationEvent } from './events.ts';
import { averages, rankAmong } from './metrics.ts';
import { nanScore } from './nan-score.ts';

/** Options of {@link evaluate}. */
export interface EvaluateOptions {
  /** List lengths k of the metrics. Default: 5, 10, 20. */
  readonly ks: readonly number[];
  /** Number of histories per call of the scorer. More are faster, but need memory for batch * items scores. Default: 256. */
  readonly batch: number;
  /**
   * `none` ranks all items, `seen` leaves out those of the user's history, except the chosen item. The SQN and SNQN papers use
   * `none`. Use `seen` if users never repeat items. Default: `none`.
   */
  readonly exclude: 'none' | 'seen';
  /** Aborts between two batches; the task rejects with the signal's reason. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** The evaluation protocol; always report it together with the metrics. */
export interface Protocol {
  /** All items are ranked, not a sample. */
  readonly ranking: 'full catalog';
  /** Number of items. */
  readonly items: number;
  /** The option `exclude`. */
  readonly exclude: 'none' | 'seen';
  /** Number of last items of a history that the scorer reads. */
  readonly window: number;
  /** Number of evaluated events. */
  readonly events: number;
  /** Number of users of these events. */
  readonly users: number;
}

/** The result of {@link evaluate}: metrics, and the rank of every event. */
export interface Evaluation {
  /** Name of the scorer. */
  readonly name: string;
  /** [events] rank of the chosen item, from 1 */
  readonly ranks: Int32Array;
  /** [events] index of the chosen item */
  readonly target: Int32Array;
  /** [events] index of the user */
  readonly user: Int32Array;
  /** [events] index into `kinds` */
  readonly kind: Uint8Array;
  /** Names of the kinds of events. */
  readonly kinds: readonly string[];
  /** `hr@10`, `ndcg@10`, `mrr@10`, ... and the same per kind: `ndcg@10/purchase`. NaN for a kind without events. */
  readonly metrics: Record<string, number>;
  /** Number of evaluated events. */
  readonly events: number;
  /** How the events were ranked. */
  readonly protocol: Protocol;
}

/** Defaults and checks of {@link EvaluateOptions}. */
export const evaluateSchema: OptionsSchema<EvaluateOptions> = {
  ks: option(counts, [5, 10, 20]),
  batch: option(whole(1), 256),
  exclude: option(oneOf('none', 'seen'), 'none'),
  signal: option(abortSignal, undefined),
};

/**
 * Ranks the whole catalog for every event of `transitions`, including the first event of each user (with an empty history).
 * Among equal scores the smaller item index comes first.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY` (no events), `E_CATALOG_SIZE` (scorer and data have
 *   different numbers of items), `E_CATALOG_DIFFERS` (they have different items or another order), `E_SCORE_SHAPE`,
 *   `E_SCORE_NAN`
 */
export function evaluate(
  scorer: Scorer,
  transitions: Transitions,
  options?: Given<EvaluateOptions>,
): Task<Evaluation, EvaluationEvent<'evaluation'>> {
  return task(() => ranking(scorer, transitions, options));
}

async function* ranking(
  scorer: Scorer,
  transitions: Transitions,
  options?: Given<EvaluateOptions>,
): AsyncGenerator<EvaluationEvent<'evaluation'>, Evaluation> {
  checkScorers('evaluate', { scorer });
  checkTransitions('evaluate', { transitions });
  const { ks, batch, exclude, signal } = parseOptions('evaluate', evaluateSchema, options);
  const { sequences, count, event, sequence } = transitions;
  const items = sequences.itemIds.length;
  if (count === 0) {
    throw new LeaError('E_DATA_EMPTY', `There are no events to evaluate ${scorer.name} on.`, {
      hint: 'The set is empty. Change the split, for example to earlier times.',
    });
  }
  checkItems(scorer, sequences.itemIds);
  const target = Int32Array.from(event, (e) => sequences.items[e]!);
  const kind = Uint8Array.from(event, (e) => sequences.kind[e]!);
  const ranks = new Int32Array(count);
  yield* inBatches({ stage: 'evaluation', unit: 'events' }, { count, batch, signal }, async (rows) => {
    ranks.set(await ranksOf(scorer, transitions, rows, exclude), rows[0]);
  });
  const users = new Set(sequence).size;
  return {
    name: scorer.name,
    ranks,
    target,
    user: Int32Array.from(sequence),
    kind,
    kinds: sequences.kinds,
    metrics: averages(ranks, kind, sequences.kinds, ks),
    events: count,
    protocol: { ranking: 'full catalog', items, exclude, window: scorer.window, events: count, users },
  };
}

/** [rows] the rank of the item of each event, counted by the scorer itself if it can. */
async function ranksOf(
  scorer: Scorer,
  transitions: Transitions,
  rows: Int32Array,
  exclude: EvaluateOptions['exclude'],
): Promise<Int32Array> {
  const { sequences, event } = transitions;
  const histories = historyWindows(transitions, rows, scorer.window);
  const targets = rows.map((row) => sequences.items[event[row]!]!);
  const excluded = exclude === 'seen' ? Array.from(rows, (row) => itemsBefore(transitions, row)) : undefined;
  const counted = await scorer.ranks?.(histories, targets, excluded);
  if (counted) checkRanks(scorer, counted, rows.length);
  // A rank of 0 is unknown: the scores tell it, or which item is NaN.
  if (counted && !counted.includes(0)) return counted;
  const scores = await scorer.score(histories);
  checkScores(scorer, scores, rows.length);
  const { items } = scorer;
  return rows.map((row, i) => {
    const own = scores.subarray(i * items, (i + 1) * items);
    const rank = rankAmong(own, targets[i]!, excluded?.[i]);
    if (Number.isNaN(rank)) throw nanScore(scorer, own, transitions, row);
    return rank;
  });
}
