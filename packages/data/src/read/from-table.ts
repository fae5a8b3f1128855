import { LeaError } from '@lea/core';
import { type Interactions, interactionsOf } from '../interactions.ts';
import type { InteractionColumns } from './interactions.ts';
import { missingColumn } from './table.ts';

/** What is used of an arquero table; anything with these two methods will do. */
export interface ColumnTable {
  columnNames(): string[];
  array(name: string): ArrayLike<unknown>;
}

/**
 * Events of an arquero table (in the order it shows them: filtered and sorted).
 *
 * @param columns which column holds what; `time` and `kind` are optional
 * @throws LeaError `E_COLUMN_MISSING`, `E_CELL_MISSING`, `E_TIME_BAD`, `E_ID_UNKNOWN`, `E_DATA_EMPTY`
 */
export function fromTable(
  table: ColumnTable,
  columns: Omit<InteractionColumns, 'history'> & { user: string; item: string },
  options: { ids?: readonly string[] } = {},
): Interactions {
  const cells = (column: string): unknown[] => {
    if (!table.columnNames().includes(column)) throw missingColumn('table', column, table.columnNames());
    return Array.from(table.array(column));
  };
  const texts = (column: string): string[] =>
    cells(column).map((value, row) => {
      if (value !== null && value !== undefined && value !== '') return String(value);
      throw new LeaError('E_CELL_MISSING', `table row ${row}, column ${column}: the cell is empty.`, {
        value,
        hint: 'Filter such rows out first.',
      });
    });
  return interactionsOf(
    {
      user: texts(columns.user),
      item: texts(columns.item),
      time: columns.time === undefined ? undefined : cells(columns.time).map(numberOf),
      kind: columns.kind === undefined ? undefined : texts(columns.kind),
    },
    { ids: options.ids, where: (row) => `table row ${row}` },
  );
}

function numberOf(value: unknown): number {
  return value === null || value === undefined || value === '' ? Number.NaN : Number(value);
}
