import { checkRanges, LeaError } from '@lea/core';
import type { Transitions } from './sequences.ts';

/** Histories of at most `window` items: oldest first, right-padded with `padId` = number of items. */
export interface Windows {
  /** [size, window] */
  items: Int32Array;
  /** [size] items in use, 0 for an empty history. */
  length: Int32Array;
  size: number;
  window: number;
}

/** Decisions with the state before and after. */
export interface Batch extends Windows {
  /** [size] */
  action: Int32Array;
  /** [size] */
  reward: Float32Array;
  /** [size] */
  kind: Uint8Array;
  /** [size, window] the history with the action appended; a full window drops its oldest item. */
  nextItems: Int32Array;
  /** [size] */
  nextLength: Int32Array;
  /** [size] */
  done: Uint8Array;
}

/**
 * What the user had seen before each of `rows`.
 *
 * @param window items kept, the newest ones
 * @param out written and returned when given (made by an earlier call of the same size): nothing is allocated
 * @throws LeaError `E_BUFFER_SIZE`, `E_ROW_RANGE`
 */
export function historyWindows(set: Transitions, rows: ArrayLike<number>, window: number, out?: Windows): Windows {
  const result = out ?? emptyWindows(rows.length, window);
  checkSize(result, rows.length, window);
  checkRows(set, rows);
  const { items, offsets } = set.sequences;
  const padId = set.sequences.itemIds.length;
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    const event = set.event[row]!;
    const start = Math.max(offsets[set.sequence[row]!]!, event - window);
    result.length[r] = copyPadded(items, start, event, result.items, r * window, window, padId);
  }
  return result;
}

/**
 * The batch of `rows`. `length` is as it is, 0 for a first event: what an encoder does with that is its own affair.
 *
 * @param options.rewards one number per kind, see `rewardsOf`
 * @param out as in `historyWindows`
 * @throws LeaError `E_BUFFER_SIZE`, `E_ROW_RANGE`, `E_REWARD_COUNT`
 */
export function batchOf(
  set: Transitions,
  rows: ArrayLike<number>,
  options: { window: number; rewards: readonly number[] },
  out?: Batch,
): Batch {
  const { window, rewards } = options;
  const { items, kind, kinds, offsets } = set.sequences;
  if (rewards.length !== kinds.length) {
    throw new LeaError('E_REWARD_COUNT', `There are ${kinds.length} kinds of events (${kinds.join(', ')}).`, {
      value: rewards,
      hint: 'Give one reward per kind, as rewardsOf does.',
    });
  }
  const batch = out ?? emptyBatch(rows.length, window);
  historyWindows(set, rows, window, batch);
  const padId = set.sequences.itemIds.length;
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    const event = set.event[row]!;
    const start = Math.max(offsets[set.sequence[row]!]!, event + 1 - window);
    batch.nextLength[r] = copyPadded(items, start, event + 1, batch.nextItems, r * window, window, padId);
    batch.action[r] = items[event]!;
    batch.kind[r] = kind[event]!;
    batch.reward[r] = rewards[kind[event]!]!;
    batch.done[r] = set.done[row]!;
  }
  return batch;
}

/**
 * Windows of histories given as lists of item indices, oldest first; only the newest `window` items enter.
 *
 * @param histories an array of arrays or typed arrays
 * @throws LeaError `E_HISTORY` (no list of lists; names the row), `E_ITEM_RANGE`, `E_OPTION_VALUE`
 */
export function windowsOf(histories: readonly ArrayLike<number>[], window: number, items: number): Windows {
  checkHistories(histories);
  checkRanges('windowsOf', { items }, { items: [1, 2 ** 31 - 1, 'whole'] });
  const result = emptyWindows(histories.length, window);
  histories.forEach((history, r) => {
    for (let i = 0; i < history.length; i++) {
      if (Number.isInteger(history[i]) && history[i]! >= 0 && history[i]! < items) continue;
      throw new LeaError('E_ITEM_RANGE', `History ${r} holds an item outside 0..${items - 1}.`, {
        value: history[i],
        hint: 'Histories hold item indices; look raw ids up in itemIds.',
      });
    }
    const start = Math.max(0, history.length - window);
    result.length[r] = copyPadded(history, start, history.length, result.items, r * window, window, items);
  });
  return result;
}

/** A flat list, for one, would otherwise pass for histories without events. */
function checkHistories(histories: unknown): void {
  const hint = 'Pass an array of arrays or typed arrays of item indices, one per user: [[3, 14, 15]].';
  if (!Array.isArray(histories)) {
    throw new LeaError('E_HISTORY', 'The histories are no array.', { value: histories, hint });
  }
  for (const [row, history] of histories.entries()) {
    if (isItemList(history)) continue;
    throw new LeaError('E_HISTORY', `History ${row} is no list of items.`, { value: history, hint });
  }
}

/** Whether a value can be a list of items: an array or typed array. */
export function isItemList(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}

/** Most items of all windows together: 16 GiB. */
const MOST_SLOTS = 2 ** 32;

/** Room for `size` windows. @throws LeaError `E_OPTION_VALUE` */
export function emptyWindows(size: number, window: number): Windows {
  checkRanges('windows', { size }, { size: [0, MOST_SLOTS, 'whole'] });
  checkRanges('windows', { window }, { window: [0, Math.floor(MOST_SLOTS / (size || 1)), 'whole'] });
  return { items: new Int32Array(size * window), length: new Int32Array(size), size, window };
}

/** Room for a batch of `size` decisions. */
export function emptyBatch(size: number, window: number): Batch {
  return {
    ...emptyWindows(size, window),
    action: new Int32Array(size),
    reward: new Float32Array(size),
    kind: new Uint8Array(size),
    nextItems: new Int32Array(size * window),
    nextLength: new Int32Array(size),
    done: new Uint8Array(size),
  };
}

function copyPadded(
  from: ArrayLike<number>,
  start: number,
  end: number,
  to: Int32Array,
  at: number,
  window: number,
  padId: number,
): number {
  const length = end - start;
  for (let j = 0; j < length; j++) to[at + j] = from[start + j]!;
  for (let j = length; j < window; j++) to[at + j] = padId;
  return length;
}

function checkSize(out: Windows, size: number, window: number): void {
  if (out.size === size && out.window === window) return;
  throw new LeaError('E_BUFFER_SIZE', `The given buffers do not fit ${size} rows of window ${window}.`, {
    value: { size: out.size, window: out.window },
    hint: 'Make them with emptyWindows or emptyBatch of that size.',
  });
}

function checkRows(set: Transitions, rows: ArrayLike<number>): void {
  for (let r = 0; r < rows.length; r++) {
    if (Number.isInteger(rows[r]) && rows[r]! >= 0 && rows[r]! < set.count) continue;
    throw new LeaError('E_ROW_RANGE', `Rows lie in 0..${set.count - 1}.`, { value: rows[r] });
  }
}
