import { argumentCheck, checkObjects, isObject, withDefaults } from '@lea/core';
import type { Interactions } from '../interactions.ts';
import type { EventColumns, IdOptions } from '../interactions-of.ts';
import { interactionsOf } from '../interactions-of.ts';
import { findColumn, unreadColumns } from './columns.ts';
import type { InteractionColumns } from './options.ts';

/** The two methods of an arquero table that are used; any object that has them works. */
export interface ColumnTable {
  /** Names of the columns, in order. */
  columnNames(): string[];
  /** [rows] the values of a column, filtered and sorted. */
  array(name: string): ArrayLike<unknown>;
}

const checkTables = argumentCheck(
  'a table with columnNames and array',
  (value) => isObject(value) && typeof value.columnNames === 'function' && typeof value.array === 'function',
  'Make one with arquero.',
);

/**
 * Reads events from an arquero table, in its displayed order (filtered and sorted).
 *
 * @param columns names of the columns, case-insensitive; `time`, `kind` and `reward` are optional
 * @throws LeaError `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`, `E_COLUMN_LENGTH`, `E_CELL_MISSING`, `E_CELL_BAD`, `E_TIME_BAD`,
 *   `E_REWARD_BAD`, `E_ID_UNKNOWN`, `E_DATA_EMPTY`; errors name the row (from 0) and the column
 */
export function fromTable(
  table: ColumnTable,
  columns: Omit<InteractionColumns, 'history'> & { user: string; item: string },
  options: Partial<Omit<IdOptions, 'where'>> = {},
): Interactions {
  checkTables('fromTable', { table });
  checkObjects('fromTable', { columns, options });
  const roles = { user: undefined, item: undefined, time: undefined, kind: undefined, reward: undefined };
  const given = withDefaults<InteractionColumns>('columns', roles, columns);
  const names = table.columnNames();
  const nameOf = (column: string) => names[findColumn('table', column, names)]!;
  const chosen = Object.fromEntries(
    Object.entries(given).flatMap(([role, column]) =>
      column === undefined || column === null ? [] : [[role, nameOf(column)]],
    ),
  );
  const cells = Object.fromEntries(Object.entries(chosen).map(([role, name]) => [role, table.array(name)]));
  const interactions = interactionsOf(cells as unknown as EventColumns, {
    ...options,
    where: (row, column) => `table row ${row}${column === undefined ? '' : `, column ${chosen[column]}`}`,
  });
  const notes = [...unreadColumns('table', names, chosen, columns), ...interactions.info.notes];
  return { ...interactions, info: { notes } };
}
