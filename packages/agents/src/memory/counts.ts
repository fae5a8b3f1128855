import { itemCounts, type SparseRows, successions, type Transitions, transposed } from '@lea/data';

/** Full counts of a log, in double precision. */
export interface Counts {
  /** [N] number of times each item was chosen */
  readonly chosen: Float64Array;
  /** Number of rows of the log. */
  readonly total: number;
  /** Pairs (x, y) with y up to `horizon` events after x, weighted by 1 / distance; columns are ascending in all matrices. */
  readonly forward: SparseRows;
  /** The transpose of `forward`. */
  readonly backward: SparseRows;
  /** Pairs (x, y) with y directly after x. */
  readonly direct: SparseRows;
}

/** The counted components, in the order of the mixture. */
export const COUNTED = ['forward', 'backward', 'direct'] as const;

export type Counted = (typeof COUNTED)[number];

/** Counts the rows of `train`. Only rows count as choices; their histories may contain other events. */
export function countLog(train: Transitions, horizon: number): Counts {
  const backward = transposed(successions(train, horizon, (distance) => 1 / distance));
  return {
    chosen: itemCounts(train),
    total: train.count,
    forward: transposed(backward),
    backward,
    direct: transposed(transposed(successions(train, 1, () => 1))),
  };
}

/** Sparse rows with ascending columns. */
export type SortedRows = Pick<SparseRows, 'offsets' | 'columns'> & { readonly values: ArrayLike<number> };

/** The value at (x, y). */
export function valueAt({ offsets, columns, values }: SortedRows, x: number, y: number): number {
  let [low, high] = [offsets[x]!, offsets[x + 1]!];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (columns[middle]! < y) low = middle + 1;
    else high = middle;
  }
  return low < offsets[x + 1]! && columns[low] === y ? values[low]! : 0;
}
