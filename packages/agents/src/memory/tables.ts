import type { SparseRows } from '@lea/data';

/**
 * The best neighbors of each item, for serving: x has the neighbors `columns[i]` with `values[i]` for i in `[offsets[x],
 * offsets[x + 1])`. Both arrays may have unused space at the end, so that a table can grow without changing its shape.
 */
export interface NeighborTable {
  /** int32 [N + 1] */
  readonly offsets: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
  /** [N] sum of the whole row, including neighbors that were left out */
  readonly sums: Float32Array;
  /** Maximum number of neighbors of an item. */
  readonly longest: number;
}

export interface NeighborRow {
  readonly columns: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** Keeps the `most` largest values of each row (ties: smaller column first); columns are ascending. */
export function neighborTable({ offsets, columns, values, sums }: SparseRows, most: number): NeighborTable {
  const size = offsets.length - 1;
  const table = emptyTable(size, (x) => Math.min(most, offsets[x + 1]! - offsets[x]!), Float32Array.from(sums));
  for (let x = 0; x < size; x++) {
    const [from, to] = [offsets[x]!, offsets[x + 1]!];
    setRow(table, x, largest(columns.subarray(from, to), values.subarray(from, to), most));
  }
  return table;
}

/** The `most` largest values of a row, with ascending columns. */
export function largest(columns: ArrayLike<number>, values: ArrayLike<number>, most: number): NeighborRow {
  const count = values.length;
  if (count <= most) return { columns, values };
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => values[b]! - values[a]! || columns[a]! - columns[b]!);
  const kept = order.subarray(0, most).sort((a, b) => columns[a]! - columns[b]!);
  return { columns: Int32Array.from(kept, (i) => columns[i]!), values: Float64Array.from(kept, (i) => values[i]!) };
}

/** Builds a table from rows, with space to grow. */
export function tableOf(rows: readonly NeighborRow[], sums: Float32Array): NeighborTable {
  const table = emptyTable(rows.length, (x) => rows[x]!.columns.length, sums);
  for (const [x, row] of rows.entries()) setRow(table, x, row);
  return table;
}

/** Replaces some rows of a table. The shape of the table is kept if they fit. */
export function withRows(
  table: NeighborTable,
  rows: ReadonlyMap<number, NeighborRow>,
  sums: Float32Array,
): NeighborTable {
  const { offsets } = table;
  const size = offsets.length - 1;
  const lengthOf = (x: number) => rows.get(x)?.columns.length ?? offsets[x + 1]! - offsets[x]!;
  const next = emptyTable(size, lengthOf, sums, table);
  let copied = 0;
  for (const x of [...rows.keys(), size].sort((a, b) => a - b)) {
    // Copy unchanged rows in bulk: there may be a million of them.
    const [from, to] = [offsets[copied]!, offsets[x]!];
    next.columns.set(table.columns.subarray(from, to), next.offsets[copied]!);
    next.values.set(table.values.subarray(from, to), next.offsets[copied]!);
    if (x < size) setRow(next, x, rows.get(x)!);
    copied = x + 1;
  }
  return next;
}

/** Row x of a table. */
export function rowOf({ offsets, columns, values }: NeighborTable, x: number): NeighborRow {
  const [from, to] = [offsets[x]!, offsets[x + 1]!];
  return { columns: columns.subarray(from, to), values: values.subarray(from, to) };
}

/** `longest` is rounded up to a multiple of this, so that a longer row rarely changes the shape of a table. */
const STEP = 16;

/**
 * Allocates a table for rows of given lengths.
 *
 * @param before a table whose shape is kept if the rows fit; otherwise an eighth of extra space is reserved
 */
function emptyTable(
  size: number,
  lengthOf: (x: number) => number,
  sums: Float32Array,
  before?: NeighborTable,
): NeighborTable {
  const offsets = new Int32Array(size + 1);
  let longest = before?.longest ?? 1;
  for (let x = 0; x < size; x++) {
    const length = lengthOf(x);
    offsets[x + 1] = offsets[x]! + length;
    if (length > longest) longest = Math.min(size, Math.ceil(length / STEP) * STEP);
  }
  const used = offsets[size]!;
  const fits = before !== undefined && used <= before.columns.length;
  const room = fits ? before.columns.length : used + Math.ceil(used / 8) + STEP;
  return { offsets, columns: new Int32Array(room), values: new Float32Array(room), sums, longest };
}

function setRow({ offsets, columns, values }: NeighborTable, x: number, row: NeighborRow): void {
  columns.set(row.columns, offsets[x]!);
  values.set(row.values, offsets[x]!);
}
