import {
  finite,
  flag,
  type Given,
  isObject,
  LeaError,
  type OptionsSchema,
  option,
  parseOptions,
  reference,
  share,
  whole,
} from '@lea/core';
import type { Scorer } from '@lea/data';
import { addRow, checkTransitions, itemCounts, successions, type Transitions, type Windows } from '@lea/data';
import { addRows } from '../linear/add-rows.ts';
import { type TextNearness, textNearness } from '../nearness.ts';
import { checkVectors, type TextVectors } from '../vectors.ts';
import { allLastItems } from './last-items.ts';
import { priorScorer } from './prior-scorer.ts';
import { addRepeat, type Repeat, repeat } from './repeat.ts';

type CoOccurrenceText = TextVectors | TextNearness;

/** Options of {@link coOccurrence}. The defaults are untuned. */
export interface CoOccurrenceOptions {
  /** Number of last items of the history that are used. Default: 10. */
  readonly window: number;
  /** The weight of an item is `decay^j`, with j = 0 for the last. Lower values emphasize the last item. Default: 0.6. */
  readonly decay: number;
  /** Maximum distance in events at which an item counts as following. Higher: denser counts, less order. Default: 10. */
  readonly horizon: number;
  /** Added to the row sum in the denominator. Higher values discount rare items. Default: 3. */
  readonly smoothing: number;
  /** Weight of an item's share of the train events. Higher values help if histories are short. Default: 0.05. */
  readonly popularity: number;
  /**
   * Added for items of the history, times `decay^j`: raise it if users repeat items. `'never'` excludes them. Default:
   * 0.
   */
  readonly repeat: Repeat;
  /** Text vectors `[N, D]` for the text term, or a `textNearness` shared by several scorers. Default: none. */
  readonly text: CoOccurrenceText | null;
  /** Weight of the text term. Default: 0.3. */
  readonly textWeight: number;
  /** Exponent of the cosine in the text term. With higher values only the nearest texts count. Default: 4. */
  readonly textPower: number;
  /**
   * Whether each item's text term is normalized to sum 1 over the catalog. If false, close texts count more. Default:
   * true.
   */
  readonly textNormalized: boolean;
}

const isText = (given: unknown) => given === null || isObject(given);

/** Defaults and checks of {@link CoOccurrenceOptions}. */
export const coOccurrenceSchema: OptionsSchema<CoOccurrenceOptions> = {
  window: option(whole(1), 10),
  decay: option(share, 0.6),
  horizon: option(whole(1), 10),
  smoothing: option(finite(0), 3),
  popularity: option(finite(0), 0.05),
  repeat,
  text: option(
    reference<CoOccurrenceText | null>(isText, 'must be text vectors, [items, size].', 'Pass tfidfVectors(itemTexts).'),
    null,
  ),
  textWeight: option(finite(0), 0.3),
  textPower: option(finite(0), 4),
  textNormalized: option(flag, true),
};

/**
 * Decayed forward co-occurrence over the window, in double precision: a strong baseline without training.
 *
 * Let W[x,y] be the sum of 1/d over all train pairs with y d <= horizon events after x, M[x,y] the count of direct
 * successions (d = 1), and i_0 (last), i_1, ... the items of the history:
 *
 *     score = popularity * share + (W + M)[i_0] / (sum W[i_0] + sum M[i_0] + smoothing)
 *           + sum_{j>=1} decay^j W[i_j] / (sum W[i_j] + smoothing)
 *           + sum_j decay^j (repeat * [item = i_j] + textWeight * t[i_j])
 *
 * where t[i] is max(cosine to i, 0)^textPower, 0 for i itself, normalized to sum 1 over all items. Empty histories are ranked
 * by popularity.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_VECTORS_SHAPE`
 */
export function coOccurrence(train: Transitions, options: Given<CoOccurrenceOptions> = {}): Scorer {
  checkTransitions('coOccurrence', { train });
  const o = parseOptions('coOccurrence', coOccurrenceSchema, options);
  const prior = itemCounts(train).map((count) => (o.popularity * count) / Math.max(1, train.count));
  const items = prior.length;
  const wide = successions(train, o.horizon, (distance) => 1 / distance);
  const last = successions(train, o.horizon, (distance) => (distance === 1 ? 2 : 1 / distance));
  const nearness = o.text && nearnessOf(o.text, options.textPower, items);
  const name = o.text ? 'coOccurrence + text' : 'coOccurrence';
  const addTexts = (near: TextNearness, recent: Int32Array, target: Float64Array) => {
    const rows = Array.from(recent, (item) => near.row(item));
    const weights = rows.map(({ sum }, j) => (o.textWeight * o.decay ** j) / (o.textNormalized && sum > 0 ? sum : 1));
    addRows(
      rows.map(({ values }) => values),
      weights,
      target,
    );
  };
  const prepare = (histories: Windows) => nearness?.prepare(allLastItems(histories, o.window));
  return priorScorer({ name, prior, window: o.window, prepare }, (recent, scores, start) => {
    for (const [j, item] of recent.entries()) {
      const rows = j === 0 ? last : wide;
      const weight = o.decay ** j;
      addRow(rows, item, weight / (rows.sums[item]! + o.smoothing), scores, start);
    }
    if (nearness) addTexts(nearness, recent, scores.subarray(start, start + items));
    for (const [j, item] of recent.entries()) addRepeat(scores, start + item, o.repeat, o.decay ** j);
  });
}

/** @throws LeaError `E_VECTORS_SHAPE`, `E_OPTION_VALUE` */
function nearnessOf(text: CoOccurrenceText, power: number | undefined, items: number): TextNearness {
  if (!('row' in text)) {
    checkVectors('coOccurrence', text, items);
    return textNearness(text, power ?? coOccurrenceSchema.textPower.default);
  }
  if (text.items === items && (power === undefined || power === text.power)) return text;
  throw new LeaError('E_OPTION_VALUE', 'coOccurrence: text belongs to a different catalog or power.', {
    value: { items: text.items, power: text.power },
    hint: `Use textNearness(vectors, ${power ?? text.power}) with the vectors of these ${items} items.`,
  });
}
