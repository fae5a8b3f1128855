import type { Windows } from '@lea/data';
import type { Values } from '@lea/tensor';

/** Result of one pass over histories, from which rewards and logits can be computed. */
export interface Encoded {
  /** The encoded histories. */
  readonly windows: Windows;
  /** State after each window, [size, stateSize]. */
  readonly state: Float32Array;
  /**
   * Decoder states of the histories read, [histories, positions, width]: those of the prefix, then one per event. If a window
   * is the beginning of the next one, only the longer one is read.
   */
  readonly states: Float32Array;
  /** For each window, the index of the history read that starts with it, [size]. */
  readonly history: Int32Array;
  /** The histories read. */
  readonly read: Windows;
  /**
   * With a prompt: keys and values of the first histories, by batch, for candidates that follow them. Other histories are read
   * again when needed.
   */
  readonly past: readonly Values[];
}

/** The part for windows `from`..`to - 1`, without copying. */
export function encodedBetween(encoded: Encoded, from: number, to: number): Encoded {
  const { windows, state, history } = encoded;
  const { window, size } = windows;
  const width = state.length / size;
  return {
    ...encoded,
    windows: {
      items: windows.items.subarray(from * window, to * window),
      length: windows.length.subarray(from, to),
      size: to - from,
      window,
    },
    state: state.subarray(from * width, to * width),
    history: history.subarray(from, to),
  };
}
