import type { Windows } from '@lea/data';
import type { Values } from '@lea/tensor';

/** What one pass over histories gives; rewards and logits are computed from it. */
export interface Encoded {
  readonly windows: Windows;
  /** State after each window, [size, state size]. */
  readonly state: Float32Array;
  /**
   * What the decoder says of all prefixes of the histories that were read, [histories, slots, width]: those before the
   * first item, then one for each event. Neighboring windows that begin one another are read once, as the longest.
   */
  readonly states: Float32Array;
  /** Which of these histories each window begins, [size]. */
  readonly history: Int32Array;
  /** The histories that were read. */
  readonly read: Windows;
  /**
   * With a prompt, whose candidates go on where histories end: keys and values of the first of these histories, by batches.
   * Those of others are read again when they are asked about.
   */
  readonly past: readonly Values[];
}

/** The answers about windows `from`..`to - 1`, without copies of what they are about. */
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
