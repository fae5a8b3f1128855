import type { Windows } from '@lea/data';
import { float32, int32, type Value } from '@lea/tensor';
import { prefixLength } from '../model/candidate-prompt.ts';
import { type EnvironmentConfig, itemWidth, stateSize } from '../model/config.ts';
import type { Encoded } from './encoded.ts';

/**
 * Batch sizes in histories; a run uses the smallest that fits. Small sizes serve step environments. There is no size 1,
 * because products of a single row are summed in another order, so results would depend on the batch.
 */
const SIZES = [8, 32, 128];
/** The largest batch. */
export const BATCH: number = SIZES.at(-1)!;

/** The size of a batch for some histories. */
export function batchSize(histories: number): number {
  return SIZES.find((size) => size >= histories) ?? BATCH;
}

/** Number of positions of a history, T: the prefix and the window. */
export function positionCount(config: EnvironmentConfig): number {
  return prefixLength(config) + config.window;
}

/** Creates program inputs for a batch of B windows that starts at row `from`. Rows beyond the last window are padding. */
export interface EnvironmentBatches {
  /** Prefix, items, then padding, int32 [B, T]. */
  items(windows: Windows, from: number): Value;
  /** Lengths of the histories, int32 [B]. */
  length(windows: Windows, from: number): Value;
  /** Decoder states of the histories, [B, T, width]. */
  states(encoded: Encoded, from: number): Value;
  /** Text memories, from the states, [B, memory]. */
  remembered(encoded: Encoded, from: number): Value;
  /** Actions `first`..`first + count - 1` of the batch, padded to `width`, int32 [B, width]. @param actions [size, A] */
  actions(actions: Int32Array, A: number, at: { from: number; first: number; count: number }, width: number): Value;
}

/** Creates the inputs of an environment's programs in batches of B. */
export function environmentBatches(config: EnvironmentConfig, B: number): EnvironmentBatches {
  const D = itemWidth(config);
  const prefix = prefixLength(config);
  const T = positionCount(config);
  return {
    items({ items, length, size, window }, from) {
      const ids = new Int32Array(B * T).fill(config.items);
      for (let b = 0; b < B; b++) {
        for (let p = 0; p < prefix; p++) ids[b * T + p] = config.items + p;
        const first = (from + b) * window;
        if (from + b < size) ids.set(items.subarray(first, first + length[from + b]!), b * T + prefix);
      }
      return int32(ids, [B, T]);
    },

    length: ({ length }, from) => int32(padded(length, from, B), [B]),

    states({ states, history }, from) {
      const each = new Float32Array(B * T * D);
      history.subarray(from, from + B).forEach((at, b) => {
        each.set(states.subarray(at * T * D, (at + 1) * T * D), b * T * D);
      });
      return float32(each, [B, T, D]);
    },

    remembered({ state }, from) {
      const size = stateSize(config);
      const each = new Float32Array(B * config.textMemoryWidth);
      for (let b = 0; b < B && (from + b) * size < state.length; b++) {
        const begin = (from + b) * size + D;
        each.set(state.subarray(begin, begin + config.textMemoryWidth), b * config.textMemoryWidth);
      }
      return float32(each, [B, config.textMemoryWidth]);
    },

    actions(actions, A, { from, first, count }, width) {
      const some = new Int32Array(B * width);
      for (let b = 0; b < B && (from + b) * A < actions.length; b++) {
        const begin = (from + b) * A + first;
        some.set(actions.subarray(begin, begin + count), b * width);
      }
      return int32(some, [B, width]);
    },
  };
}

/** `size` elements from index `from`, with zeros beyond the end. */
export function padded<T extends Float32Array | Int32Array>(data: T, from: number, size: number): T {
  const part = data.subarray(from, from + size) as T;
  if (part.length === size) return part;
  const full = new (data.constructor as Float32ArrayConstructor)(size) as T;
  full.set(part);
  return full;
}
