import { checkFunctions, checkNumbers, checkObjects, checkRanges } from '@lea/core';

/** A sparse square matrix (CSR): row x has the entries `columns[i]`, `values[i]` for i in `[offsets[x], offsets[x + 1])`. */
export interface SparseRows {
  /** [rows + 1] where each row begins */
  readonly offsets: Int32Array;
  /** [entries] column index of each entry */
  readonly columns: Int32Array;
  /** [entries] */
  readonly values: Float64Array;
  /** [rows] sum of each row */
  readonly sums: Float64Array;
}

/** Calls `visit` for each weighted pair (x, y). Every call must visit the same pairs. */
export type Pairs = (visit: (x: number, y: number, weight: number) => void) => void;

/** Sums weighted pairs into a matrix of `size` rows, in two passes. Memory is O(pairs), not O(size²). */
export function sparseRows(size: number, pairs: Pairs): SparseRows {
  checkRanges('sparseRows', { size }, { size: [0, 2 ** 31 - 1, 'whole'] });
  checkFunctions('sparseRows', { pairs });
  const starts = new Int32Array(size + 1);
  pairs((x) => {
    starts[x + 1]! += 1;
  });
  for (let x = 0; x < size; x++) starts[x + 1]! += starts[x]!;
  const next = starts.slice();
  const columns = new Int32Array(starts[size]!);
  const values = new Float64Array(starts[size]!);
  pairs((x, y, weight) => {
    const at = next[x]!++;
    columns[at] = y;
    values[at] = weight;
  });
  return merge(size, starts, columns, values);
}

/** Merges entries of the same column within each row, in place: the write position never passes the read position. */
function merge(size: number, starts: Int32Array, columns: Int32Array, values: Float64Array): SparseRows {
  const offsets = new Int32Array(size + 1);
  const sums = new Float64Array(size);
  const place = new Int32Array(size).fill(-1);
  let end = 0;
  for (let x = 0; x < size; x++) {
    offsets[x] = end;
    for (let i = starts[x]!; i < starts[x + 1]!; i++) {
      const [y, value] = [columns[i]!, values[i]!];
      sums[x]! += value;
      if (place[y]! < offsets[x]!) {
        place[y] = end;
        columns[end] = y;
        values[end++] = value;
      } else values[place[y]!]! += value;
    }
  }
  offsets[size] = end;
  return { offsets, columns: columns.slice(0, end), values: values.slice(0, end), sums };
}

/** Adds `scale` times row x to `target[start + column]`. */
export function addRow(rows: SparseRows, x: number, scale: number, target: Float64Array, start: number): void {
  const { offsets, columns, values } = rows;
  for (let i = offsets[x]!; i < offsets[x + 1]!; i++) target[start + columns[i]!]! += scale * values[i]!;
}

/** The transposed matrix; the columns within each row are ascending. */
export function transposed(rows: SparseRows): SparseRows {
  checkObjects('transposed', { rows });
  const { offsets, columns, values } = rows;
  checkNumbers('transposed', { offsets, columns, values });
  const size = offsets.length - 1;
  const starts = new Int32Array(size + 1);
  for (const column of columns) starts[column + 1]! += 1;
  for (let x = 0; x < size; x++) starts[x + 1]! += starts[x]!;
  const next = starts.slice();
  const turned = { columns: new Int32Array(columns.length), values: new Float64Array(columns.length) };
  const sums = new Float64Array(size);
  for (let x = 0; x < size; x++) {
    for (let i = offsets[x]!; i < offsets[x + 1]!; i++) {
      const at = next[columns[i]!]!++;
      turned.columns[at] = x;
      turned.values[at] = values[i]!;
      sums[columns[i]!]! += values[i]!;
    }
  }
  return { offsets: starts, ...turned, sums };
}
