import { type CellOptions, checkedCells } from '../../cells.ts';
import { checkDistinct } from '../../ids.ts';
import type { Role } from '../columns.ts';
import type { Database } from './database.ts';
import { located, type Staged } from './stage.ts';

/**
 * The distinct cells of a column, nearly in the order of ids, so that they are sorted fast. The table `ROLE_cells` has them in the
 * same order.
 */
export interface Distinct {
  readonly role: Role;
  readonly cells: readonly unknown[];
}

/** Finds the distinct cells, and yields how much is done, in percent. @throws LeaError `E_DATA_LARGE` */
export async function* distinctCells(
  db: Database,
  staged: Staged,
  role: Role,
): AsyncGenerator<number, Distinct, undefined> {
  yield* db.run(
    `create or replace table ${role}_cells as select "${role}" as cell from rows group by "${role}" order by try_cast(cell as bigint), cell`,
  );
  const count = Number(await db.value(`select count(*) from ${role}_cells`));
  checkDistinct(count, () => `The column ${staged.column[role]}`);
  const [cells = []] = await db.columns(`select cell from ${role}_cells`);
  return { role, cells: cells.map((cell) => staged.read(cell, role)) };
}

/** The checked texts of the cells. @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD` */
export function textsOfCells(
  db: Database,
  staged: Staged,
  distinct: Distinct,
  options: Pick<CellOptions, 'missing' | 'trim'>,
): Promise<string[]> {
  return eachCell(db, staged, distinct, (where) => checkedCells(options, where));
}

/**
 * [cells] what a check makes of them. An error that it throws is that of the first row, whatever the order of the cells.
 *
 * @param checkFor makes the check from a description of rows
 */
export async function eachCell<T>(
  db: Database,
  staged: Staged,
  { role, cells }: Distinct,
  checkFor: (where: (row: number) => string) => (cell: unknown, row: number) => T,
): Promise<T[]> {
  const check = checkFor(() => '');
  try {
    return cells.map(check);
  } catch {
    const rows = await firstRows(db, role);
    const order = [...rows.keys()].sort((a, b) => rows[a]! - rows[b]!);
    return await located(staged, (where) => {
      const check = checkFor((row) => where(row, role));
      return order.map((code) => check(cells[code], rows[code]!));
    });
  }
}

/** [cells] the first row with each cell */
async function firstRows(db: Database, role: Role): Promise<number[]> {
  const [rows = []] = await db.columns(
    `select min(rows.rowid) from rows join ${role}_cells on rows."${role}" is not distinct from cell
      group by ${role}_cells.rowid order by ${role}_cells.rowid`,
  );
  return rows.map(Number);
}
