import { type Given, LeaError } from '@lea/core';
import type { Transitions } from '@lea/data';
import { checkTransitions } from '@lea/data';
import { COUNTED, type Counted, countLog } from './counts.ts';
import { fitGate } from './gate.ts';
import { drawnUsers, fitRepeat, gateRows } from './gate-rows.ts';
import { textTable } from './likeness.ts';
import { createMemory, type Memory } from './memory.ts';
import { slotsOf } from './mixture.ts';
import { checkedOptions, type MemoryOptions } from './options.ts';
import { type MemoryConfig, stateOf } from './state.ts';
import { type NeighborTable, neighborTable } from './tables.ts';

/**
 * Builds a counting memory from a log. For a history with items x_0 (newest), x_1, ...:
 *
 *     p(a | h) = w_popularity p_popularity(a) + sum over components c and places j of w_cj(h) p_c(a | x_j)
 *     p_c(a | x) = (A_c[x, a] + s p_popularity(a)) / (sum_b A_c[x, b] + s)
 *     w(h) = softmax of bias_cj + evidence_c ln(1 + sum_b A_c[x_j, b]) over the slots cj that h has
 *
 * The matrices A_c count pairs of the log weighted by 1 / distance (`forward`), the same pairs transposed (`backward`), and
 * direct successions, used at the two newest places (`direct`). `repeat` is 1 for the item of the place itself. With texts,
 * `text` is max(cosine, 0)^power, normalized. The gate, and the score added for items of the window, are fitted by maximum
 * likelihood of the train targets, with the events of each row's own user removed from the counts. This takes seconds for
 * 60,000 events; time and memory grow with events * horizon and, with texts, with the square of the catalog.
 *
 * @param train the rows to count
 * @param options see `MemoryOptions`
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TEXT_SHAPE`, `E_DATA_EMPTY`
 */
export async function countingMemory(train: Transitions, options: Given<MemoryOptions> = {}): Promise<Memory> {
  checkTransitions('countingMemory', { train });
  const items = train.sequences.itemIds.length;
  const o = checkedOptions(options, items);
  if (train.count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'countingMemory: expected at least one row.', {
      value: train.count,
      hint: 'Pass the train rows of a split.',
    });
  }
  const { window, horizon, smoothing } = o;
  const text = o.text && (await textTable(o.text, o.textPower, o.textNeighbors));
  const counts = countLog(train, horizon);
  const parts = { counts, text, smoothing };
  const slots = slotsOf(window, { repeat: o.repeats, text: text !== undefined });
  const users = drawnUsers(train, o.gateRows, o.seed);
  const { gate, loss } = fitGate(slots, gateRows(train, parts, slots, users, o), o.gateSteps);
  const config: MemoryConfig = {
    items,
    window,
    horizon,
    smoothing,
    repeats: o.repeats,
    neighbors: Number.isFinite(o.neighbors) ? o.neighbors : null,
    gate,
    repeat: fitRepeat(train, parts, slots, gate, users, o),
    loss,
  };
  const counted = COUNTED.map((component) => [component, neighborTable(counts[component], o.neighbors)]);
  const tables = { ...(Object.fromEntries(counted) as Record<Counted, NeighborTable>), ...(text && { text }) };
  return createMemory(config, stateOf(Float32Array.from(counts.chosen), tables));
}
