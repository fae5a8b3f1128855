import type { Transitions } from '@lea/data';
import { checkTransitions } from '@lea/data';
import { checkMemories } from '../arguments.ts';
import { checkMemoryRows } from './check-rows.ts';
import { countLog } from './counts.ts';
import { loggedRow } from './gate-rows.ts';
import type { Memory } from './memory.ts';
import { evidenceOf, isCounted, slotsOf, weightsOf } from './mixture.ts';
import { type OwnEvents, ownEvents, usersOf } from './own-events.ts';

/** Number of users whose events are cached, because rows are requested in random order. */
const KEPT_USERS = 8192;

/** Writes p(item | history of the row) into `out` [N], with the row's own user removed from the counts. */
export type RowProbabilities = (row: number, out: Float32Array) => void;

/**
 * The probabilities of a memory for its own train rows, as if it had not seen their users. A network can be trained together
 * with them, or learn from them. The log is counted again without limiting the number of neighbors.
 *
 * @param train the rows that the memory was built from
 * @throws LeaError `E_MEMORY` for a memory of another log
 */
export function leaveOwnUserOut(train: Transitions, memory: Memory): RowProbabilities {
  checkTransitions('leaveOwnUserOut', { train });
  checkMemories('leaveOwnUserOut', { memory });
  const { config, state } = memory;
  const { window, horizon, smoothing, gate, items } = config;
  checkMemoryRows(memory, train);
  const counts = countLog(train, horizon);
  const parts = { counts, text: state.tables.text, smoothing };
  const slots = slotsOf(window, { repeat: config.repeats, text: parts.text !== undefined });
  const bounds = new Map(usersOf(train).map((user) => [train.sequence[user[0]]!, user]));
  const kept = new Map<number, OwnEvents>();
  const ownOf = (user: number): OwnEvents => {
    const known = kept.get(user);
    if (known) return known;
    if (kept.size >= KEPT_USERS) kept.clear();
    const own = ownEvents(train, ...bounds.get(user)!, horizon);
    kept.set(user, own);
    return own;
  };

  return (row, out) => {
    const { history } = loggedRow(train, row, window);
    const own = ownOf(train.sequence[row]!);
    const weights = weightsOf(parts, slots, gate, history, own);
    out.fill(0);
    let leaning = weights[0]!;
    for (const [i, { component, place }] of slots.entries()) {
      const weight = weights[i]!;
      if (weight === 0 || component === 'popularity') continue;
      const given = history[place]!;
      if (component === 'repeat') {
        out[given]! += weight;
        continue;
      }
      if (!isCounted(component)) {
        addRow(parts.text!, given, weight, out);
        continue;
      }
      const sum = Math.expm1(evidenceOf(parts, { component, place }, given, own));
      const scale = weight / (sum + smoothing);
      leaning += scale * smoothing;
      addRow(counts[component], given, scale, out);
      for (const [item, value] of own.pairs[component].get(given) ?? []) out[item]! -= scale * value;
    }
    const unit = leaning / (counts.total - own.total + 0.5 * items);
    // Subtracting the user's own counts may leave slightly negative values because of rounding.
    for (let item = 0; item < items; item++) out[item] = Math.max(out[item]!, 0) + unit * (counts.chosen[item]! + 0.5);
    for (const [item, count] of own.chosen) out[item]! -= unit * count;
  };
}

function addRow(
  { offsets, columns, values }: { offsets: Int32Array; columns: Int32Array; values: ArrayLike<number> },
  x: number,
  scale: number,
  out: Float32Array,
): void {
  for (let i = offsets[x]!; i < offsets[x + 1]!; i++) out[columns[i]!]! += scale * values[i]!;
}
