import {
  abortSignal,
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
  topK,
} from '@lea/data';
import { inBatches } from '../batches.ts';
import { checkItems } from '../check-scorer.ts';
import type { EvaluationEvent } from '../events.ts';
import { nanScore } from '../nan-score.ts';

/** Options of {@link recommend}. */
export interface RecommendListsOptions {
  /** Length of the lists. Shorter ones can be measured later: a list of 20 begins with the top 10. Default: 10. */
  readonly k: number;
  /**
   * `event` makes a list before every event of the set; its item is the only relevant one. `user` makes one list per user,
   * before the user's first event of the set; the items of all the user's events of the set are relevant, each counted once.
   * Default: `event`.
   */
  readonly per: 'event' | 'user';
  /**
   * `none` recommends from all items, `seen` leaves out those of the user's history, also where the user chooses one of them
   * again. Default: `none`.
   */
  readonly exclude: 'none' | 'seen';
  /** Number of histories per call of the scorer. More are faster, but need memory for batch * items scores. Default: 256. */
  readonly batch: number;
  /** Aborts between two batches; the task rejects with the signal's reason. Default: none. */
  readonly signal: AbortSignal | undefined;
}

/** The lists that a scorer recommends, with what users chose: what `listMetrics` measures. */
export interface Recommendations {
  /** Name of the scorer. */
  readonly name: string;
  /** Length of the lists. */
  readonly k: number;
  /** The option `per`. */
  readonly per: 'event' | 'user';
  /** The option `exclude`. */
  readonly exclude: 'none' | 'seen';
  /** [lists, k] item indices, best first; -1 after the end of a list that has fewer items */
  readonly items: Int32Array;
  /** [lists] index of the user */
  readonly user: Int32Array;
  /** [lists] the row of `set` before whose event the list was made */
  readonly row: Int32Array;
  /** [lists] the distinct relevant items */
  readonly relevant: readonly Int32Array[];
  /** The events that were recommended for. */
  readonly set: Transitions;
}

/** Defaults and checks of {@link RecommendListsOptions}. */
export const recommendSchema: OptionsSchema<RecommendListsOptions> = {
  k: option(whole(1), 10),
  per: option(oneOf('event', 'user'), 'event'),
  exclude: option(oneOf('none', 'seen'), 'none'),
  batch: option(whole(1), 256),
  signal: option(abortSignal, undefined),
};

/**
 * The top-k lists of a scorer for the events or the users of a set. Among equal scores the smaller item index comes first.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY` (no events), `E_CATALOG_SIZE`, `E_CATALOG_DIFFERS` (scorer
 *   and data have different items), `E_SCORE_SHAPE`, `E_SCORE_NAN`
 */
export function recommend(
  scorer: Scorer,
  set: Transitions,
  options?: Given<RecommendListsOptions>,
): Task<Recommendations, EvaluationEvent<'recommendation'>> {
  return task(() => recommending(scorer, set, options));
}

async function* recommending(
  scorer: Scorer,
  set: Transitions,
  options?: Given<RecommendListsOptions>,
): AsyncGenerator<EvaluationEvent<'recommendation'>, Recommendations> {
  checkScorers('recommend', { scorer });
  checkTransitions('recommend', { set });
  const { per, exclude, batch, signal, ...given } = parseOptions('recommend', recommendSchema, options);
  if (set.count === 0) {
    throw new LeaError('E_DATA_EMPTY', `There are no events for which ${scorer.name} could recommend.`, {
      hint: 'The set is empty. Change the split, for example to earlier times.',
    });
  }
  checkItems(scorer, set.sequences.itemIds);
  // The catalog limits k.
  const k = Math.min(given.k, scorer.items);
  const { row, relevant } = per === 'event' ? everyEvent(set) : firstEvents(set);
  const items = new Int32Array(row.length * k).fill(-1);
  const stage = { stage: 'recommendation', unit: 'lists' } as const;
  yield* inBatches(stage, { count: row.length, batch, signal }, async (lists) => {
    const rows = lists.map((list) => row[list]!);
    const scores = await scorer.score(historyWindows(set, rows, scorer.window));
    checkScores(scorer, scores, rows.length);
    for (const [i, r] of rows.entries()) {
      const own = scores.subarray(i * scorer.items, (i + 1) * scorer.items);
      if (own.includes(Number.NaN)) throw nanScore(scorer, own, set, r);
      const seen = exclude === 'seen' ? { exclude: new Set(itemsBefore(set, r)) } : {};
      items.set(topK(own, k, seen).map(({ item }) => item), lists[i]! * k); // biome-ignore format: one line
    }
  });
  const user = Int32Array.from(row, (r) => set.sequence[r]!);
  return { name: scorer.name, k, per, exclude, items, user, row, relevant, set };
}

type Rows = Pick<Recommendations, 'row' | 'relevant'>;

function everyEvent({ sequences, event }: Transitions): Rows {
  const relevant = Array.from(event, (e) => Int32Array.of(sequences.items[e]!));
  return { row: Int32Array.from(event, (_, r) => r), relevant };
}

/** The first row of each user. Rows are ordered by event, so it is the earliest one. */
function firstEvents({ sequences, event, sequence }: Transitions): Rows {
  const users = Map.groupBy(event.keys(), (row) => sequence[row]!).values();
  const rows = [...users];
  return {
    row: Int32Array.from(rows, ([first]) => first!),
    relevant: rows.map((own) => Int32Array.from(new Set(own.map((row) => sequences.items[event[row]!]!)))),
  };
}
