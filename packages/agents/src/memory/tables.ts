import type { SparseRows } from '@lea/data';

/**
 * The best neighbors of each item, for serving: those of x are `columns[i]` with `values[i]`, i in `[offsets[x],
 * offsets[x + 1])`. Both arrays may be longer than what is used, so that a table can grow without changing its form.
 */
export interface NeighborTable {
  /** int32 [N + 1] */
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
  /** [N] sum of the whole row, those left out included. */
  readonly sums: Float32Array;
  /** Neighbors of the item that has the most. */
  readonly longest: number;
}

/** Keeps the `most` largest values of each row, among equals those of the smaller column; columns ascend. */
export function neighborTable({ offsets, columns, values, sums }: SparseRows, most: number): NeighborTable {
  const size = offsets.length - 1;
  const kept: NeighborRow[] = [];
  for (let x = 0; x < size; x++) {
    const [from, to] = [offsets[x]!, offsets[x + 1]!];
    kept.push(largest(columns.subarray(from, to), values.subarray(from, to), most));
  }
  return tableOf(kept, Float32Array.from(sums));
}

export interface NeighborRow {
  readonly columns: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** The `most` largest values of a row with their columns, which ascend. */
export function largest(columns: ArrayLike<number>, values: ArrayLike<number>, most: number): NeighborRow {
  const count = values.length;
  if (count <= most) return { columns, values };
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => values[b]! - values[a]! || columns[a]! - columns[b]!);
  const kept = order.subarray(0, most).sort((a, b) => columns[a]! - columns[b]!);
  return { columns: Int32Array.from(kept, (i) => columns[i]!), values: Float64Array.from(kept, (i) => values[i]!) };
}

/** Neighbors are counted in steps of this many, so that a longer row seldom changes the form of a table. */
const STEP = 16;

/**
 * A table of rows.
 *
 * @param before the form that is kept where the rows fit in it; without it, or where they do not, there is room to grow by an
 *   eighth
 */
export function tableOf(rows: readonly NeighborRow[], sums: Float32Array, before?: NeighborTable): NeighborTable {
  const offsets = new Int32Array(rows.length + 1);
  let longest = before?.longest ?? 1;
  for (const [x, { columns }] of rows.entries()) {
    offsets[x + 1] = offsets[x]! + columns.length;
    if (columns.length > longest) longest = Math.min(rows.length, Math.ceil(columns.length / STEP) * STEP);
  }
  const used = offsets[rows.length]!;
  const fits = before !== undefined && used <= before.columns.length;
  const room = fits ? before.columns.length : used + Math.ceil(used / 8) + STEP;
  const [columns, values] = [new Int32Array(room), new Float32Array(room)];
  for (const [x, row] of rows.entries()) {
    columns.set(row.columns, offsets[x]!);
    values.set(row.values, offsets[x]!);
  }
  return { offsets, columns, values, sums, longest };
}

/** Row x of a table. */
export function rowOf({ offsets, columns, values }: NeighborTable, x: number): NeighborRow {
  const [from, to] = [offsets[x]!, offsets[x + 1]!];
  return { columns: columns.subarray(from, to), values: values.subarray(from, to) };
}
