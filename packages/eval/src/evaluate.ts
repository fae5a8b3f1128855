import { LeaError, type Progress, type Task, task, withDefaults } from '@lea/core';
import { historyWindows, type Transitions } from '@lea/data';
import { averages, rankOf } from './metrics.ts';
import type { Scorer, Scores } from './scorer.ts';

/** How {@link evaluate} works. */
export interface EvaluateOptions {
  /** Lengths of the lists that are judged; default 5, 10, 20. */
  readonly ks?: readonly number[];
  /** Histories per call of the scorer; default 256. More is faster until batch * items scores fill the memory. */
  readonly batch?: number;
  /**
   * `none` (default, as in the SQN and SNQN papers) ranks all items. `seen` leaves the items of the user's whole
   * history out of the ranking, except the item that was chosen: right where nothing is ever repeated.
   */
  readonly exclude?: 'none' | 'seen';
  /** Stops between two batches with the signal's own reason. */
  readonly signal?: AbortSignal;
}

/** How many events are ranked: told after each batch. */
export type EvaluationEvent = Progress<'evaluation', 'events'>;

/** How the numbers came about: nothing should be printed without it. */
export interface Protocol {
  readonly ranking: 'full catalogue';
  readonly items: number;
  readonly exclude: 'none' | 'seen';
  /** The last items of a history that the scorer reads. */
  readonly window: number;
  readonly events: number;
  readonly users: number;
}

/** The outcome of {@link evaluate}: the averages, and per event what they were made from. */
export interface Evaluation {
  /** Name of the scorer. */
  readonly name: string;
  /** Rank of the chosen item, from 1, per event. */
  readonly ranks: Int32Array;
  /** The chosen item, per event. */
  readonly target: Int32Array;
  /** Index of the event's sequence, which is its user. */
  readonly user: Int32Array;
  /** Index into `kinds`, per event. */
  readonly kind: Uint8Array;
  readonly kinds: readonly string[];
  /** `hr@10`, `ndcg@10`, `mrr@10`, ... and the same per kind: `ndcg@10/purchase`. NaN for a kind without events. */
  readonly metrics: Record<string, number>;
  readonly events: number;
  readonly protocol: Protocol;
}

const defaults: Required<Omit<EvaluateOptions, 'signal'>> = {
  ks: [5, 10, 20],
  batch: 256,
  exclude: 'none',
};

/**
 * Ranks the whole catalogue for every event of `transitions`, the first one of each sequence (empty history) included.
 * Equal scores: the smaller item index comes first.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY` without an event, `E_CATALOGUE_SIZE` when scorer and data have different catalogues, `E_CATALOG_DIFFERS` when they are of equal size but not of the same items in the same order, `E_SCORE_SHAPE`, `E_SCORE_NAN`
 */
export function evaluate(
  scorer: Scorer,
  transitions: Transitions,
  options: EvaluateOptions = {},
): Task<Evaluation, EvaluationEvent> {
  return task(() => ranking(scorer, transitions, options));
}

async function* ranking(
  scorer: Scorer,
  transitions: Transitions,
  options: EvaluateOptions,
): AsyncGenerator<EvaluationEvent, Evaluation> {
  const { signal, ...given } = options;
  const { ks, batch, exclude } = withDefaults('evaluate', defaults, given);
  checkCounts('batch', [batch]);
  checkCounts('ks', ks);
  const { sequences, count, event, sequence } = transitions;
  const items = sequences.itemIds.length;
  if (count === 0) {
    throw new LeaError('E_DATA_EMPTY', `There is no event to evaluate ${scorer.name} on.`, {
      hint: 'The set is empty: split the data otherwise, for instance at earlier times.',
    });
  }
  if (scorer.items !== items) {
    throw new LeaError('E_CATALOGUE_SIZE', `${scorer.name} does not score the ${items} items of the data.`, {
      value: scorer.items,
      hint: 'Evaluate on a split of the data that the scorer was fitted on.',
    });
  }
  if (scorer.itemIds) checkCatalog(scorer.name, scorer.itemIds, sequences.itemIds);
  const target = Int32Array.from(event, (e) => sequences.items[e]!);
  const kind = Uint8Array.from(event, (e) => sequences.kind[e]!);
  const ranks = new Int32Array(count);
  for (let start = 0; start < count; start += batch) {
    signal?.throwIfAborted();
    const rows = Int32Array.from({ length: Math.min(batch, count - start) }, (_, i) => start + i);
    const scores = await scorer.score(historyWindows(transitions, rows, scorer.window));
    checkShape(scorer, scores, rows.length);
    for (const [i, row] of rows.entries()) {
      const rank = rankOf(scores, target[row]!, i * items, items);
      if (Number.isNaN(rank)) throw nanScore(scorer, scores.subarray(i * items, (i + 1) * items), transitions, row);
      ranks[row] = exclude === 'none' ? rank : rank - seenAbove(scores, i * items, target[row]!, transitions, row);
    }
    yield { stage: 'evaluation', done: start + rows.length, total: count, unit: 'events' };
    // A turn of the event loop, so that signals and progress are served when the scorer is synchronous.
    await new Promise((resolve) => setTimeout(resolve));
  }
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
    protocol: { ranking: 'full catalogue', items, exclude, window: scorer.window, events: count, users },
  };
}

/** How many items of the event's history are ranked before its target. */
function checkCatalog(name: string, own: readonly string[], data: readonly string[]): void {
  if (own === data || own.every((id, index) => id === data[index])) return;
  const [known, there] = [new Set(own), new Set(data)];
  const missing = own.filter((id) => !there.has(id)).length;
  const added = data.filter((id) => !known.has(id)).length;
  const what = missing + added > 0 ? `${missing} of its items are missing, ${added} are new` : 'the order differs';
  throw new LeaError('E_CATALOG_DIFFERS', `${name} was trained on another catalog than that of the data: ${what}.`, {
    hint: 'Read the data with the items of the training (the option itemIds of the readers), or train again.',
  });
}

function seenAbove(scores: Scores, start: number, target: number, transitions: Transitions, row: number): number {
  const { sequences, event, sequence } = transitions;
  const own = scores[start + target]!;
  const seen = new Set(sequences.items.subarray(sequences.offsets[sequence[row]!]!, event[row]!));
  let above = 0;
  for (const item of seen) {
    const score = scores[start + item]!;
    if (score > own || (score === own && item < target)) above++;
  }
  return above;
}

function checkCounts(option: string, values: readonly number[]): void {
  if (Array.isArray(values) && values.every((value) => Number.isInteger(value) && value > 0)) return;
  throw new LeaError('E_OPTION_VALUE', `evaluate needs whole numbers from 1 for ${option}.`, { value: values });
}

function checkShape(scorer: Scorer, scores: Scores, size: number): void {
  if (scores.length === size * scorer.items) return;
  throw new LeaError('E_SCORE_SHAPE', `${scorer.name} gave a wrong number of scores for ${size} histories.`, {
    value: scores.length,
    hint: `It has to give ${size} rows of ${scorer.items} scores.`,
  });
}

function nanScore(scorer: Scorer, scores: Scores, { sequences, event, sequence }: Transitions, row: number): LeaError {
  const first = sequence[row]!;
  const place = event[row]! - sequences.offsets[first]! + 1;
  const item = sequences.itemIds[scores.findIndex(Number.isNaN)];
  return new LeaError(
    'E_SCORE_NAN',
    `${scorer.name} scored item "${item}" NaN for event ${place} of user "${sequences.userIds[first]}" (row ${row}).`,
    { value: Number.NaN, hint: 'A model whose training diverged does this: lower its learning rate.' },
  );
}
