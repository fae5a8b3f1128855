import { checkRanges, withDefaults } from '@lea/core';
import type { Scorer } from '@lea/data';
import { checkWindows, type Transitions, type Windows } from '@lea/data';
import { type GramInverse, gramInverse, LAMBDA } from './gram-inverse.ts';
import { lastItems } from './last-items.ts';
import { tieBreak } from './popularity.ts';
import { addRepeat, checkRepeat, type Repeat } from './repeat.ts';

/** The constants of {@link ease}. */
export interface EaseOptions {
  /** How many last items are read; default 10. */
  readonly window?: number;
  /** Weight of an item is `decay^j`, j = 0 for the last; default 0.8. 1 is the paper's; lower trusts the last item more. */
  readonly decay?: number;
  /**
   * Weight of the squared weights; default 100. Higher smooths more, for logs with few events. Scorers that differ in
   * their other constants can share the costly part: give what `gramInverse` made with a lambda.
   */
  readonly lambda?: number | GramInverse;
  /** Times `decay^j` for the window's own items; default 0. Raise it where users come back, `'never'` where they do not. */
  readonly repeat?: Repeat;
}

const defaults: Required<EaseOptions> = { window: 10, decay: 0.8, lambda: LAMBDA, repeat: 0 };

/**
 * EASE^R (Steck, WWW 2019, equations 4 to 8): the linear model of items by the user's other items that minimizes
 * |X - X B|^2 + lambda |B|^2 with a diagonal of 0, in closed form. With P = (X^T X + lambda I)^-1 from the binary matrix X of
 * train users and items,
 *
 *     B[x, y] = -P[x, y] / P[y, y], 0 for x = y
 *     score = sum_j decay^j (B[i_j] + repeat * [item = i_j])
 *
 * over the history's items i_0 (last), i_1, ... Popularity breaks ties and ranks empty histories.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, those of `gramInverse`
 */
export function ease(train: Transitions, options: EaseOptions = {}): Scorer {
  const o = withDefaults('ease', defaults, options);
  checkRanges('ease', o, { window: [1, Number.MAX_VALUE, 'whole'], decay: [0, 1] });
  checkRepeat('ease', o.repeat);
  const prior = tieBreak(train);
  const items = prior.length;
  const inverse = isInverse(o.lambda) ? o.lambda : gramInverse(train, o.lambda);
  const { diagonal } = inverse;
  return {
    name: 'ease',
    items,
    window: o.window,
    score(histories: Windows): Float64Array {
      checkWindows(histories, items);
      const scores = new Float64Array(histories.size * items);
      for (let row = 0; row < histories.size; row++) {
        const start = row * items;
        const recent = lastItems(histories, row, o.window);
        const weights = Float64Array.from(recent, (_, j) => o.decay ** j);
        inverse.addRows(recent, weights, scores, start);
        for (let x = 0; x < items; x++) scores[start + x] = prior[x]! - scores[start + x]! / diagonal[x]!;
        for (const [j, item] of recent.entries()) {
          // The diagonal of B is 0, that of -P[x, y] / P[y, y] is -1.
          scores[start + item]! += weights[j]!;
          addRepeat(scores, start + item, o.repeat, weights[j]!);
        }
      }
      return scores;
    },
  };
}

/** What is neither that nor a number is left for `gramInverse` to refuse. */
function isInverse(lambda: number | GramInverse): lambda is GramInverse {
  return typeof lambda === 'object' && lambda !== null && 'addRows' in lambda;
}
