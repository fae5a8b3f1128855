import {
  finite,
  type Given,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  positive,
  whole,
} from '@lea/core';
import {
  checkScorers,
  checkTransitions,
  historyWindows,
  itemCounts,
  type Scorer,
  scoresOf,
  type Transitions,
} from '@lea/data';
import { checkItems } from '../check-scorer.ts';
import { type ActionPolicy, softmax, softmaxPolicy } from './policy.ts';

/** Options of {@link countBehavior}. */
export interface CountBehaviorOptions {
  /** `nothing` counts items alone; `last item` counts what follows the last item of the history. Default: `last item`. */
  readonly given: 'nothing' | 'last item';
  /** Pseudo-count of every item. Higher: closer to uniform; 0 leaves items without events unsupported. Default: 0.1. */
  readonly smoothing: number;
  /** Pseudo-count of the item distribution beside the counts after the last item. Higher: closer to it. Default: 10. */
  readonly backoff: number;
}

/** Defaults and checks of {@link CountBehaviorOptions}. */
export const countBehaviorSchema: OptionsSchema<CountBehaviorOptions> = {
  given: option(oneOf('nothing', 'last item'), 'last item'),
  smoothing: option(finite(0), 0.1),
  backoff: option(positive, 10),
};

/**
 * A behavior policy by counts, for logs without propensities: with n(a) events of item a and N of all A items,
 *
 *     b(a) = (n(a) + smoothing) / (N + smoothing A)
 *     b(a | last) = (n(last, a) + backoff b(a)) / (n(last) + backoff)
 *
 * where n(last, a) counts rows of `train` whose history ends with `last`. An empty history gets b(a). Estimates are only as good
 * as this model: what else decided the logged actions is not corrected for.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY` (no events)
 */
export function countBehavior(train: Transitions, options?: Given<CountBehaviorOptions>): ActionPolicy {
  checkTransitions('countBehavior', { train });
  const { given, smoothing, backoff } = parseOptions('countBehavior', countBehaviorSchema, options);
  if (train.count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'countBehavior: there are no events to count.', { hint: 'The set is empty.' });
  }
  const counts = itemCounts(train);
  const items = counts.length;
  const alone = Float64Array.from(counts, (n) => (n + smoothing) / (train.count + smoothing * items));
  const after = given === 'last item' ? followers(train) : new Map<number, Map<number, number>>();
  return {
    name: given === 'nothing' ? 'counts of items' : 'counts after the last item',
    actions: items,
    probabilities({ histories }, rounds) {
      const rows = new Float64Array(rounds.length * items);
      if (given === 'last item' && !histories) {
        throw new LeaError('E_FEEDBACK', 'counts after the last item: the log has no histories.', {
          hint: "Make the log with feedbackOf, or use given: 'nothing'.",
        });
      }
      const last = given === 'last item' ? histories!(rounds, 1) : undefined;
      for (let i = 0; i < rounds.length; i++) {
        const row = rows.subarray(i * items, (i + 1) * items);
        row.set(alone);
        const next = last && last.length[i]! > 0 ? after.get(last.items[i]!) : undefined;
        if (!next) continue;
        let total = 0;
        for (const n of next.values()) total += n;
        for (let a = 0; a < items; a++) row[a]! *= backoff / (total + backoff);
        for (const [a, n] of next) row[a]! += n / (total + backoff);
      }
      return rows;
    },
  };
}

/** Last item -> what followed it, with counts. */
function followers(train: Transitions): Map<number, Map<number, number>> {
  const { sequences, event } = train;
  const after = new Map<number, Map<number, number>>();
  const last = historyWindows(
    train,
    Int32Array.from(event, (_, row) => row),
    1,
  );
  for (const [row, e] of event.entries()) {
    if (last.length[row] === 0) continue;
    const own = after.get(last.items[row]!) ?? new Map<number, number>();
    const item = sequences.items[e]!;
    own.set(item, (own.get(item) ?? 0) + 1);
    after.set(last.items[row]!, own);
  }
  return after;
}

/** Options of {@link fitBehavior}. */
export interface FitBehaviorOptions {
  /** Maximum number of validation rows, the first ones; memory is rows * items scores. Default: 2000. */
  readonly rows: number;
  /** Number of histories per call of the scorer. Default: 256. */
  readonly batch: number;
  /**
   * What to do with rows whose item has the score -Infinity. A behavior policy chose it, so they are refused. An evaluated policy
   * may never choose it: `leave out` fits the temperature on the other rows. Default: `refuse`.
   */
  readonly ruledOut: 'refuse' | 'leave out';
}

/** Defaults and checks of {@link FitBehaviorOptions}. */
export const fitBehaviorSchema: OptionsSchema<FitBehaviorOptions> = {
  rows: option(whole(1), 2000),
  batch: option(whole(1), 256),
  ruledOut: option(oneOf('refuse', 'leave out'), 'refuse'),
};

/**
 * A behavior policy from a scorer that predicts the log: the softmax at the temperature with the highest likelihood of the
 * validation rows. The log likelihood is concave in 1 / temperature, so bisection finds its maximum, between 1e-4 and 1e4.
 *
 * @param validation rows that the scorer was not fitted on
 * @returns the policy and its temperature
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`, `E_CATALOG_SIZE`, `E_CATALOG_DIFFERS`, `E_SCORE_SHAPE`,
 *   `E_PROBABILITIES` (a validation row, or with `leave out` every one, has an item with the score -Infinity, which is 0 at every
 *   temperature)
 */
export async function fitBehavior(
  scorer: Scorer,
  validation: Transitions,
  options?: Given<FitBehaviorOptions>,
): Promise<{ policy: ActionPolicy; temperature: number }> {
  checkScorers('fitBehavior', { scorer });
  checkTransitions('fitBehavior', { validation });
  const { rows, batch, ruledOut } = parseOptions('fitBehavior', fitBehaviorSchema, options);
  if (validation.count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'fitBehavior: there are no validation rows.', { hint: 'Change the split.' });
  }
  const { sequences, event } = validation;
  checkItems(scorer, sequences.itemIds);
  const scored: { readonly scores: ArrayLike<number>; readonly own: number }[] = [];
  const count = Math.min(rows, validation.count);
  for (let start = 0; start < count; start += batch) {
    const part = Int32Array.from({ length: Math.min(batch, count - start) }, (_, i) => start + i);
    const scores = await scoresOf(scorer, historyWindows(validation, part, scorer.window));
    for (const [i, row] of part.entries()) {
      const own = scores.slice(i * scorer.items, (i + 1) * scorer.items);
      const item = sequences.items[event[row]!]!;
      if (own[item]! > -Infinity) scored.push({ scores: own, own: item });
      else if (ruledOut === 'refuse') throw impossible(scorer, `the item of validation row ${row}`, own[item]);
    }
  }
  if (scored.length === 0) throw impossible(scorer, 'the item of every validation row', -Infinity);
  const temperature = 1 / mostLikely(scored, scorer.items);
  return { policy: softmaxPolicy(scorer, { temperature }), temperature };
}

function impossible({ name }: Scorer, what: string, value: unknown): LeaError {
  return new LeaError('E_PROBABILITIES', `${name} gives ${what} no probability.`, {
    value,
    hint: 'Use a scorer with finite scores.',
  });
}

/** The inverse temperature where the slope of the log likelihood is 0: the mean of own score minus expected score. */
function mostLikely(
  rows: readonly { readonly scores: ArrayLike<number>; readonly own: number }[],
  items: number,
): number {
  const probabilities = new Float64Array(items);
  const slope = (inverse: number): number => {
    let total = 0;
    for (const { scores, own } of rows) {
      softmax(scores, inverse, probabilities);
      total += scores[own]!;
      for (let i = 0; i < items; i++) if (probabilities[i]! > 0) total -= probabilities[i]! * scores[i]!;
    }
    return total;
  };
  let [low, high] = [Math.log(1e-4), Math.log(1e4)];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) > 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
