import { checkFunctions, checkRanges } from '@lea/core';
import { checkTransitions } from '../arguments.ts';
import type { Transitions } from '../sequences.ts';
import { type SparseRows, sparseRows } from './sparse-rows.ts';

/**
 * Counts how often y was chosen d events after x over all rows of `train`, weighted by `weight(d)` for d = 1..horizon.
 * Only rows of `train` count as choices; their histories may contain events of other sets.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function successions(train: Transitions, horizon: number, weight: (distance: number) => number): SparseRows {
  checkTransitions('successions', { train });
  checkFunctions('successions', { weight });
  const { sequences, count, event, sequence } = train;
  checkRanges('successions', { horizon }, { horizon: [1, Number.MAX_VALUE, 'whole'] });
  const longest = Math.min(horizon, sequences.items.length);
  const weights = Float64Array.from({ length: longest + 1 }, (_, distance) => weight(distance));
  return sparseRows(sequences.itemIds.length, (visit) => {
    for (let row = 0; row < count; row++) {
      const at = event[row]!;
      const reach = Math.min(longest, at - sequences.offsets[sequence[row]!]!);
      for (let d = 1; d <= reach; d++) visit(sequences.items[at - d]!, sequences.items[at]!, weights[d]!);
    }
  });
}
