import { checkNumbers, checkObjects, checkRanges, LeaError } from '@lea/core';
import { checkTransitions } from './arguments.ts';
import { type Rewards, rewardReader } from './rewards.ts';
import type { Transitions } from './sequences.ts';

/** Histories of at most `window` items: oldest first, right-padded with `padId` = number of items. */
export interface Windows {
  /** [size, window] item indices, padded on the right */
  items: Int32Array;
  /** [size] number of items of each history; 0 for an empty one */
  length: Int32Array;
  /** Number of histories. */
  size: number;
  /** Maximum number of items of a history. */
  window: number;
}

/** A batch of decisions with the history before and after each. */
export interface Batch extends Windows {
  /** [size] index of the chosen item */
  action: Int32Array;
  /** [size] reward of the event, as logged or by its kind */
  reward: Float32Array;
  /** [size] index of the kind of event */
  kind: Uint8Array;
  /** [size, window] the history with the action appended; a full window drops its oldest item */
  nextItems: Int32Array;
  /** [size] number of items of each next history */
  nextLength: Int32Array;
  /** [size] 1 for the last decision of its user within the set */
  done: Uint8Array;
}

/**
 * The histories before each of `rows`.
 *
 * @param window number of newest items to keep
 * @param out buffers of the same size to overwrite and return, to avoid an allocation
 * @throws LeaError `E_BUFFER_SIZE`, `E_ROW_RANGE`
 */
export function historyWindows(set: Transitions, rows: ArrayLike<number>, window: number, out?: Windows): Windows {
  checkTransitions('historyWindows', { set });
  checkNumbers('historyWindows', { rows });
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
 * The items of the user's whole history before the event of a row, oldest first: a view, not a copy.
 *
 * @throws LeaError `E_ROW_RANGE`
 */
export function itemsBefore(set: Transitions, row: number): Int32Array {
  checkTransitions('itemsBefore', { set });
  checkRows(set, [row]);
  const { sequences, event, sequence } = set;
  return sequences.items.subarray(sequences.offsets[sequence[row]!]!, event[row]!);
}

/**
 * The batch of the decisions `rows`. `length` is 0 for a user's first event; encoders decide how to treat an empty history.
 *
 * @param options.rewards `logged`, or a number per kind of event
 * @param out as in `historyWindows`
 * @throws LeaError `E_BUFFER_SIZE`, `E_ROW_RANGE`, `E_REWARD_MISSING`, `E_REWARD_BAD`, `E_REWARD_COUNT`
 */
export function batchOf(
  set: Transitions,
  rows: ArrayLike<number>,
  options: { window: number; rewards: Rewards },
  out?: Batch,
): Batch {
  checkTransitions('batchOf', { set });
  checkNumbers('batchOf', { rows });
  checkObjects('batchOf', { options });
  const { window, rewards } = options;
  const { items, kind, offsets } = set.sequences;
  const rewardOf = rewardReader('batchOf', set.sequences, rewards);
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
    batch.reward[r] = rewardOf(event);
    batch.done[r] = set.done[row]!;
  }
  return batch;
}

/**
 * Windows of histories given as lists of item indices, oldest first. Only the newest `window` items are used.
 *
 * @param histories an array of arrays or typed arrays
 * @param items number of items of the catalog
 * @throws LeaError `E_HISTORY` (not an array of arrays; names the row), `E_ITEM_RANGE`, `E_OPTION_VALUE`
 */
export function windowsOf(histories: readonly ArrayLike<number>[], window: number, items: number): Windows {
  checkHistories(histories);
  checkRanges('windowsOf', { items }, { items: [1, 2 ** 31 - 1, 'whole'] });
  const result = emptyWindows(histories.length, window);
  histories.forEach((history, r) => {
    for (let i = 0; i < history.length; i++) {
      if (Number.isInteger(history[i]) && history[i]! >= 0 && history[i]! < items) continue;
      throw new LeaError('E_ITEM_RANGE', `Items of history ${r} must be in 0..${items - 1}.`, {
        value: history[i],
        hint: 'Histories contain item indices. Look up raw ids in itemIds.',
      });
    }
    const start = Math.max(0, history.length - window);
    result.length[r] = copyPadded(history, start, history.length, result.items, r * window, window, items);
  });
  return result;
}

/** Without this check a flat list would be read as histories without events. */
function checkHistories(histories: unknown): void {
  const hint = 'Pass an array of arrays or typed arrays of item indices, one per user: [[3, 14, 15]].';
  if (!Array.isArray(histories)) {
    throw new LeaError('E_HISTORY', 'histories must be an array.', { value: histories, hint });
  }
  for (const [row, history] of histories.entries()) {
    if (isItemList(history)) continue;
    throw new LeaError('E_HISTORY', `History ${row} must be an array of items.`, { value: history, hint });
  }
}

/** Whether a value can be a list of items: an array or typed array. */
export function isItemList(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}

/** Maximum number of items of all windows together: 16 GiB. */
const MOST_SLOTS = 2 ** 32;

/** Allocates buffers for `size` windows. @throws LeaError `E_OPTION_VALUE` */
export function emptyWindows(size: number, window: number): Windows {
  checkRanges('windows', { size }, { size: [0, MOST_SLOTS, 'whole'] });
  checkRanges('windows', { window }, { window: [0, Math.floor(MOST_SLOTS / (size || 1)), 'whole'] });
  return { items: new Int32Array(size * window), length: new Int32Array(size), size, window };
}

/** Allocates buffers for a batch of `size` decisions. @throws LeaError `E_OPTION_VALUE` */
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
  throw new LeaError('E_BUFFER_SIZE', `Expected buffers for ${size} rows with a window of ${window}.`, {
    value: { size: out.size, window: out.window },
    hint: 'Make them with emptyWindows or emptyBatch of that size.',
  });
}

function checkRows(set: Transitions, rows: ArrayLike<number>): void {
  for (let r = 0; r < rows.length; r++) {
    if (Number.isInteger(rows[r]) && rows[r]! >= 0 && rows[r]! < set.count) continue;
    throw new LeaError('E_ROW_RANGE', `Row indices must be in 0..${set.count - 1}.`, { value: rows[r] });
  }
}
