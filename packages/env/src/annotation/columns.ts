import type { AnnotationColumns } from '@lea/data';
import { float32, int32, type Values } from '@lea/tensor';

/** Allocates the columns of an annotation. @param stateSize 0: no states */
export function emptyColumns(rows: number, k: number, stateSize: number): AnnotationColumns {
  return {
    ...(stateSize > 0 && { state: new Float32Array(rows * stateSize) }),
    reward: new Float32Array(rows),
    positives: new Int32Array(rows * k),
    logits: new Float32Array(rows * k),
    positiveRewards: new Float32Array(rows * k),
  };
}

/** The columns as tensors for a file. */
export function columnValues(columns: AnnotationColumns): Values {
  const rows = columns.reward.length;
  const entries = Object.entries(columns) as [string, Float32Array | Int32Array][];
  return Object.fromEntries(
    entries.map(([name, data]) => {
      const shape = name === 'reward' ? [rows] : [rows, data.length / rows];
      return [name, data instanceof Int32Array ? int32(data, shape) : float32(data, shape)];
    }),
  );
}

/** Copies rows `from`..`to - 1` of a shard to row `at` of the columns. */
export function copyRows(into: AnnotationColumns, at: number, shard: Values, from: number, to: number): void {
  for (const [name, data] of Object.entries(into) as [string, Float32Array | Int32Array][]) {
    const width = data.length / into.reward.length;
    data.set(shard[name]!.data.subarray(from * width, to * width), at * width);
  }
}
