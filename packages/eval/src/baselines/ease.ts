import {
  type Check,
  type Given,
  isObject,
  type OptionsSchema,
  option,
  parseOptions,
  positive,
  share,
  whole,
} from '@lea/core';
import type { Scorer } from '@lea/data';
import { checkTransitions, checkWindows, type Transitions, type Windows } from '@lea/data';
import * as v from 'valibot';
import { type GramInverse, gramInverse, LAMBDA } from './gram-inverse.ts';
import { lastItems } from './last-items.ts';
import { tieBreak } from './popularity.ts';
import { addRepeat, type Repeat, repeat } from './repeat.ts';

/** Options of {@link ease}. */
export interface EaseOptions {
  /** Number of last items of the history that are used. Default: 10. */
  readonly window: number;
  /** Weight `decay^j` of an item, j = 0 for the last. Lower: the last item counts more; 1 is the paper's. Default: 0.8. */
  readonly decay: number;
  /**
   * L2 regularization. Higher values smooth more, for logs with few events. Pass a `gramInverse` to share the expensive part
   * between scorers that differ only in other options. Default: 100.
   */
  readonly regularization: number | GramInverse;
  /**
   * Added for items of the history, times `decay^j`: raise it if users repeat items. `'never'` excludes them. Default:
   * 0.
   */
  readonly repeat: Repeat;
}

const isInverse = (given: unknown): boolean => isObject(given) && 'addRows' in given;
const regularization: Check<number | GramInverse> = v.union(
  [positive, v.custom<GramInverse>(isInverse)],
  'must be a finite number above 0, or a gramInverse.',
);

/** Defaults and checks of {@link EaseOptions}. */
export const easeSchema: OptionsSchema<EaseOptions> = {
  window: option(whole(1), 10),
  decay: option(share, 0.8),
  regularization: option(regularization, LAMBDA),
  repeat,
};

/**
 * EASE^R (Steck, WWW 2019, equations 4 to 8): the linear item-item model B that minimizes |X - X B|^2 + lambda |B|^2 with a
 * zero diagonal, in closed form. With P = (X^T X + lambda I)^-1 for the binary matrix X of train users and items,
 *
 *     B[x, y] = -P[x, y] / P[y, y], 0 for x = y
 *     score = sum_j decay^j (B[i_j] + repeat * [item = i_j])
 *
 * over the items i_0 (last), i_1, ... of the history. Popularity breaks ties and ranks empty histories.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, and the errors of `gramInverse`
 */
export function ease(train: Transitions, options?: Given<EaseOptions>): Scorer {
  checkTransitions('ease', { train });
  const o = parseOptions('ease', easeSchema, options);
  const prior = tieBreak(train);
  const items = prior.length;
  const { regularization } = o;
  const inverse = typeof regularization === 'number' ? gramInverse(train, regularization) : regularization;
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
          // The diagonal of B is 0, but that of -P[x, y] / P[y, y] is -1.
          scores[start + item]! += weights[j]!;
          addRepeat(scores, start + item, o.repeat, weights[j]!);
        }
      }
      return scores;
    },
  };
}
