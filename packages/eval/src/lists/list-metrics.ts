import {
  argumentCheck,
  counts,
  type Given,
  isObject,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  reference,
} from '@lea/core';
import { checkTransitions, itemsBefore, type Transitions } from '@lea/data';
import { checkItems } from '../check-scorer.ts';
import { checkVectors, type TextVectors } from '../vectors.ts';
import { accuracies } from './accuracy.ts';
import { gini } from './exposure.ts';
import type { ListMeasure } from './names.ts';
import type { Recommendations } from './recommend.ts';
import { listSimilarity } from './text-similarity.ts';
import { type TrainPopularity, trainPopularity } from './train-popularity.ts';

/** Options of {@link listMetrics}. */
export interface ListMetricsOptions {
  /** Lengths k of the lists that are measured, none above the length of the given lists. Default: that length. */
  readonly ks: readonly number[] | undefined;
  /** Text vectors `[N, D]` of the items, for `similarity@k`. Default: none, it is left out. */
  readonly vectors: TextVectors | undefined;
}

/** The result of {@link listMetrics}. */
export interface ListEvaluation {
  /** Name of the scorer. */
  readonly name: string;
  /** The metrics by name, such as `novelty@10`; every list counts the same. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The same metrics, where every user counts the same, however many lists the user has. */
  readonly userMetrics: Readonly<Record<string, number>>;
  /**
   * [lists] the value of each list, by metric; NaN where it has none, as an empty list has no novelty. `coverage`, `gini` and
   * `lift` are missing, because they belong to all lists together. `clusteredMean` of the values that are not NaN and of their
   * users is the metric with its interval.
   */
  readonly values: Readonly<Record<string, Float64Array>>;
  /** [lists] index of the user */
  readonly user: Int32Array;
}

/** Defaults and checks of {@link ListMetricsOptions}. */
export const listMetricsSchema: OptionsSchema<ListMetricsOptions> = {
  ks: option(counts, undefined),
  vectors: option(reference<TextVectors>(), undefined),
};

const checkLists = argumentCheck(
  'recommendations',
  (value) => isObject(value) && 'items' in value && 'relevant' in value && 'set' in value,
  'Pass the result of await recommend(...).',
);

/**
 * Measures lists of recommendations. Of each list of n items (n is k, or less where a list is shorter), with the relevant items R:
 *
 * - `hr@k`: 1 if an item of R is in the list; `recall@k`: share of R in the list; `precision@k`: number of items of R in the list,
 *   divided by k; `mrr@k`: 1 / place of the first one; `map@k`: sum of the precisions at the places of items of R, divided by |R|;
 *   `ndcg@k`: discounted gain, divided by that of the best list (Järvelin and Kekäläinen 2002).
 * - `novelty@k`: mean self-information -log2 p, with p the share of train users who chose the item (Zhou et al. 2010).
 * - `popularity@k`: mean share of the train rows that are of the item.
 * - `serendipity@k`: mean of max(a - b, 0) over the items of R in the list, 0 for the others; a = (N + 1 - place) / N, and b the
 *   same of the item's place by popularity, 0 if it is not in train (RecTools).
 * - `similarity@k`: mean cosine of the texts of two items of the list (Ziegler et al. 2005); 1 minus it is the diversity.
 *
 * And of all lists together:
 *
 * - `coverage@k`: share of the N items that are in a list (Ge et al. 2010).
 * - `gini@k`: Gini index of how often items are shown, 0 when all are shown equally often (Castells et al. 2015).
 * - `lift@k`: popularity lift, (q - p) / p, with p the mean train popularity of the histories and q that of the lists, both over the
 *   lists with a history (Abdollahpouri et al. 2020); 0 when lists are as popular as what users chose before.
 *
 * @param train rows that popularity is counted on, of the same catalog
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY` (no train rows), `E_CATALOG_SIZE`, `E_CATALOG_DIFFERS`,
 *   `E_VECTORS_SHAPE`
 */
export function listMetrics(
  lists: Recommendations,
  train: Transitions,
  options?: Given<ListMetricsOptions>,
): ListEvaluation {
  checkLists('listMetrics', { lists });
  checkTransitions('listMetrics', { train });
  const { ks = [lists.k], vectors } = parseOptions('listMetrics', listMetricsSchema, options);
  const { itemIds } = train.sequences;
  if (train.count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'There are no train rows to count popularity on.', {
      hint: 'Pass the train set of the split.',
    });
  }
  checkItems({ ...lists, items: lists.set.sequences.itemIds.length, window: 1 }, itemIds);
  if (vectors) checkVectors('listMetrics', vectors, itemIds.length);
  for (const k of ks) {
    if (k <= lists.k || lists.k === itemIds.length) continue;
    throw new LeaError('E_OPTION_VALUE', `listMetrics: ks must not be above the length of the lists, ${lists.k}.`, {
      value: k,
      hint: 'Give recommend a greater k.',
    });
  }
  const counted = trainPopularity(train);
  const values = valuesOf(lists, ks, counted, vectors && listSimilarity(vectors));
  const histories = historyPopularity(lists, counted.share);
  const perUser = new Map<number, number>();
  for (const user of lists.user) perUser.set(user, (perUser.get(user) ?? 0) + 1);
  const summary = (weights: Float64Array) => summarize(lists, ks, values, histories, weights);
  return {
    name: lists.name,
    metrics: summary(new Float64Array(lists.user.length).fill(1)),
    userMetrics: summary(Float64Array.from(lists.user, (user) => 1 / perUser.get(user)!)),
    values,
    user: lists.user,
  };
}

/** The items of one list. */
function listAt({ items, k }: Recommendations, list: number): Int32Array {
  const own = items.subarray(list * k, (list + 1) * k);
  const end = own.indexOf(-1);
  return end < 0 ? own : own.subarray(0, end);
}

/** [lists] the value of each list, for all measures that a single list has. */
function valuesOf(
  lists: Recommendations,
  ks: readonly number[],
  { share, information, place }: TrainPopularity,
  similarity: ((list: Int32Array) => Float64Array) | undefined,
): Record<string, Float64Array> {
  const values: Record<string, Float64Array> = {};
  const count = lists.user.length;
  const items = share.length;
  for (let i = 0; i < count; i++) {
    const list = listAt(lists, i);
    const relevant = new Set(lists.relevant[i]!);
    const places = [...list.keys()].flatMap((at) => (relevant.has(list[at]!) ? [at + 1] : []));
    const surprise = (at: number, item: number): number => {
      const any = place[item] === 0 ? 0 : (items + 1 - place[item]!) / items;
      return relevant.has(item) ? Math.max((items - at) / items - any, 0) : 0;
    };
    const means = {
      novelty: runningMeans(list, (_, item) => information[item]!),
      popularity: runningMeans(list, (_, item) => share[item]!),
      serendipity: runningMeans(list, surprise),
      ...(similarity && { similarity: similarity(list) }),
    };
    const put = (measure: ListMeasure, k: number, value: number) => {
      values[`${measure}@${k}`] ??= new Float64Array(count);
      values[`${measure}@${k}`]![i] = value;
    };
    for (const k of ks) {
      const within = places.filter((at) => at <= k);
      for (const [measure, accuracy] of Object.entries(accuracies)) {
        put(measure as ListMeasure, k, accuracy(within, k, relevant.size));
      }
      const last = Math.min(k, list.length) - 1;
      for (const [measure, mean] of Object.entries(means)) put(measure as ListMeasure, k, mean[last] ?? Number.NaN);
    }
  }
  return values;
}

/** [list.length] the means over the first 1, 2, ... items. */
function runningMeans(list: Int32Array, value: (at: number, item: number) => number): Float64Array {
  let sum = 0;
  return Float64Array.from(list, (item, at) => {
    sum += value(at, item);
    return sum / (at + 1);
  });
}

/** [lists] the mean popularity of the user's whole history before the list; NaN without a history. */
function historyPopularity({ row, set }: Recommendations, share: Float64Array): Float64Array {
  return Float64Array.from(row, (r) => {
    const history = itemsBefore(set, r);
    return history.reduce((sum, item) => sum + share[item]!, 0) / history.length;
  });
}

/** All metrics, with the weights of the lists. */
function summarize(
  lists: Recommendations,
  ks: readonly number[],
  values: Readonly<Record<string, Float64Array>>,
  histories: Float64Array,
  weights: Float64Array,
): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const [name, column] of Object.entries(values)) metrics[name] = weightedMean(column, weights);
  for (const k of ks) {
    const shown = new Float64Array(lists.set.sequences.itemIds.length);
    for (const [i, weight] of weights.entries()) {
      for (const item of listAt(lists, i).subarray(0, k)) shown[item]! += weight;
    }
    metrics[`coverage@${k}`] = shown.filter((count) => count > 0).length / shown.length;
    metrics[`gini@${k}`] = gini(shown);
    const shared = values[`popularity@${k}`]!.map((own, i) => (Number.isNaN(histories[i]) ? Number.NaN : own));
    const before = weightedMean(histories, weights);
    metrics[`lift@${k}`] = (weightedMean(shared, weights) - before) / before;
  }
  return metrics;
}

/** The mean over lists with a value; NaN without any. */
function weightedMean(values: Float64Array, weights: Float64Array): number {
  let [sum, total] = [0, 0];
  for (const [i, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    sum += weights[i]! * value;
    total += weights[i]!;
  }
  return sum / total;
}
