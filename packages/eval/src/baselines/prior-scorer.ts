import { checkWindows, ranksBy, type Scorer, type Windows } from '@lea/data';
import { rankAmong } from '../metrics.ts';
import { lastItems } from './last-items.ts';
import { repeatRow } from './popularity.ts';

interface PriorParts {
  readonly name: string;
  /** [items] what each row starts with */
  readonly prior: Float64Array;
  readonly window: number;
  /** Called once with the histories of a call, before their rows. */
  prepare?(histories: Windows): void;
}

/**
 * A scorer that starts each row of scores with `prior` and then calls `add` with the last items of the history, newest first.
 * The row begins at index `start` of `scores`.
 */
export function priorScorer(
  { name, prior, window, prepare }: PriorParts,
  add: (recent: Int32Array, scores: Float64Array, start: number) => void,
): Scorer {
  const items = prior.length;
  const score = (histories: Windows) => {
    checkWindows(histories, items);
    prepare?.(histories);
    const scores = repeatRow(prior, histories.size);
    for (let row = 0; row < histories.size; row++) add(lastItems(histories, row, window), scores, row * items);
    return scores;
  };
  // One row at a time stays in the processor's cache.
  const ranks = ranksBy({ score, items }, (histories, targets, excluded) => {
    prepare?.(histories);
    const scores = new Float64Array(items);
    return targets.map((target, row) => {
      scores.set(prior);
      add(lastItems(histories, row, window), scores, 0);
      return rankAmong(scores, target, excluded?.[row]);
    });
  });
  return { name, items, window, score, ranks };
}
