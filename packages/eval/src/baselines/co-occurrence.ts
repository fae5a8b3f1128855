import { checkChoices, checkRanges, LeaError, withDefaults } from '@lea/core';
import type { Scorer } from '@lea/data';
import { addRow, checkWindows, itemCounts, successions, type Transitions, type Windows } from '@lea/data';
import { type NearnessRow, type TextNearness, textNearness } from '../nearness.ts';
import { checkVectors, type TextVectors } from '../vectors.ts';
import { lastItems } from './last-items.ts';
import { repeatRow } from './popularity.ts';
import { addRepeat, checkRepeat, type Repeat } from './repeat.ts';

/** The constants of {@link coOccurrence}; the defaults are first guesses that were never tuned. */
export interface CoOccurrenceOptions {
  /** How many last items are read; default 10. */
  readonly window?: number;
  /** Weight of an item is `decay^j`, j = 0 for the last; default 0.6. Lower trusts the last item more. */
  readonly decay?: number;
  /** How many events later still count as following; default 10. Higher is denser and less ordered. */
  readonly horizon?: number;
  /** Added to a row's sum before it divides the row; default 3. Higher trusts rare items less. */
  readonly smoothing?: number;
  /** Weight of an item's share of the train events; default 0.05. Higher helps when little is known of the history. */
  readonly popularity?: number;
  /** Times `decay^j` for the window's own items; default 0. Raise it where users come back, `'never'` where they do not. */
  readonly repeat?: Repeat;
  /** Text vectors of the items `[N, D]` for the text term, or what `textNearness` made of them for several scorers; none by default. */
  readonly text?: TextVectors | TextNearness | null;
  /** Weight of the text term; default 0.3. */
  readonly textWeight?: number;
  /** Power of the cosine in the text term; default 4. Higher lets only the nearest texts count. */
  readonly textPower?: number;
  /** Whether the text term of an item adds up to 1 over the catalogue; default true. False lets close texts count more. */
  readonly textNormalised?: boolean;
}

const defaults: Required<CoOccurrenceOptions> = {
  window: 10,
  decay: 0.6,
  horizon: 10,
  smoothing: 3,
  popularity: 0.05,
  repeat: 0,
  text: null,
  textWeight: 0.3,
  textPower: 4,
  textNormalised: true,
};

/**
 * Decayed forward co-occurrence over the window, in double precision: a strong baseline that trains nothing.
 *
 * With W[x,y] = sum over train pairs with y d <= horizon events after x of 1/d, M[x,y] the direct successions alone, and
 * the history's items i_0 (last), i_1, ...:
 *
 *     score = popularity * share + (W + M)[i_0] / (sum W[i_0] + sum M[i_0] + smoothing)
 *           + sum_{j>=1} decay^j W[i_j] / (sum W[i_j] + smoothing)
 *           + sum_j decay^j (repeat * [item = i_j] + textWeight * t[i_j])
 *
 * where t[i] is max(cosine to i, 0)^textPower, 0 for i itself, over its sum over all items. An empty history is ranked by
 * popularity.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_VECTORS_SHAPE`
 */
export function coOccurrence(train: Transitions, options: CoOccurrenceOptions = {}): Scorer {
  const o = withDefaults('coOccurrence', defaults, options);
  checkRanges('coOccurrence', o, {
    window: [1, Number.MAX_VALUE, 'whole'],
    decay: [0, 1],
    horizon: [1, Number.MAX_VALUE, 'whole'],
    smoothing: [0, Number.MAX_VALUE],
    popularity: [0, Number.MAX_VALUE],
    textWeight: [0, Number.MAX_VALUE],
    textPower: [0, Number.MAX_VALUE],
  });
  checkChoices('coOccurrence', o, { textNormalised: [true, false] });
  checkRepeat('coOccurrence', o.repeat);
  const prior = itemCounts(train).map((count) => (o.popularity * count) / Math.max(1, train.count));
  const items = prior.length;
  const wide = successions(train, o.horizon, (distance) => 1 / distance);
  const last = successions(train, o.horizon, (distance) => (distance === 1 ? 2 : 1 / distance));
  const nearness = o.text && nearnessOf(o.text, options.textPower, items);
  return {
    name: o.text ? 'coOccurrence + text' : 'coOccurrence',
    items,
    window: o.window,
    score(histories: Windows): Float64Array {
      checkWindows(histories, items);
      const scores = repeatRow(prior, histories.size);
      for (let row = 0; row < histories.size; row++) {
        const start = row * items;
        const recent = lastItems(histories, row, o.window);
        for (const [j, item] of recent.entries()) {
          const rows = j === 0 ? last : wide;
          const weight = o.decay ** j;
          addRow(rows, item, weight / (rows.sums[item]! + o.smoothing), scores, start);
          if (nearness) addDense(nearness.row(item), o.textNormalised, o.textWeight * weight, scores, start);
        }
        for (const [j, item] of recent.entries()) addRepeat(scores, start + item, o.repeat, o.decay ** j);
      }
      return scores;
    },
  };
}

/** @throws LeaError `E_VECTORS_SHAPE`, `E_OPTION_VALUE` */
function nearnessOf(text: TextVectors | TextNearness, power: number | undefined, items: number): TextNearness {
  if (!('row' in text)) {
    checkVectors('coOccurrence', text, items);
    return textNearness(text, power ?? defaults.textPower);
  }
  if (text.items === items && (power === undefined || power === text.power)) return text;
  throw new LeaError('E_OPTION_VALUE', 'coOccurrence: text is of another catalogue or another power.', {
    value: { items: text.items, power: text.power },
    hint: `Make it with textNearness(vectors, ${power ?? text.power}) from the vectors of these ${items} items.`,
  });
}

function addDense(
  { values, sum }: NearnessRow,
  normalised: boolean,
  weight: number,
  target: Float64Array,
  start: number,
): void {
  const scale = normalised && sum > 0 ? weight / sum : weight;
  for (let i = 0; i < values.length; i++) target[start + i]! += scale * values[i]!;
}
