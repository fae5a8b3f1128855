import { LeaError } from '@lea/core';
import type { Transitions } from '@lea/data';
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
 * A counting memory of a log: for a history with items x_0 (newest), x_1, ...
 *
 *     p(a | h) = w_popularity p_popularity(a) + sum over components c and places j of w_cj(h) p_c(a | x_j)
 *     p_c(a | x) = (A_c[x, a] + s p_popularity(a)) / (sum_b A_c[x, b] + s)
 *     w(h) = softmax over what h has of bias_cj + evidence_c ln(1 + sum_b A_c[x_j, b])
 *
 * with A the pairs of the log weighted by 1 / distance (`forward`), the same by what followed (`backward`), direct
 * successions at the two newest places (`direct`), the item of the place itself (`repeat`: 1 for it), and with texts
 * max(cosine, 0)^power over its sum (`text`). The gate is fitted by maximum likelihood of the train targets, each row's own
 * user taken out of the counts; so is what is added for items of the window. Seconds for 60,000 events; time and memory grow with events * horizon, with texts also with the
 * square of the catalogue.
 *
 * @param train the rows to count
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_TEXT_SHAPE`, `E_DATA_EMPTY`
 */
export async function countingMemory(train: Transitions, options: Partial<MemoryOptions> = {}): Promise<Memory> {
  const items = train.sequences.itemIds.length;
  const o = checkedOptions(options, items);
  if (train.count === 0) {
    throw new LeaError('E_DATA_EMPTY', 'countingMemory: there are no rows to count.', {
      value: train.count,
      hint: 'Give the train rows of a split.',
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
