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
  /** [cells] the first row with the cell */
  readonly row: readonly number[];
}

/** Finds the distinct cells, and yields how much is done, in percent. @throws LeaError `E_DATA_LARGE` */
export async function* distinctCells(
  db: Database,
  staged: Staged,
  role: Role,
): AsyncGenerator<number, Distinct, undefined> {
  yield* db.run(
    `create or replace table ${role}_cells as select "${role}" as cell, min(rowid) as first from rows group by "${role}" order by try_cast(cell as bigint), cell`,
  );
  const count = Number(await db.value(`select count(*) from ${role}_cells`));
  checkDistinct(count, () => `The column ${staged.column[role]}`);
  const [values = [], first = []] = await db.columns(`select cell, first from ${role}_cells`);
  return { role, cells: values.map(staged.read), row: first.map(Number) };
}

/** The checked texts of the cells. @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD` */
export function textsOfCells(
  staged: Staged,
  distinct: Distinct,
  options: Pick<CellOptions, 'missing' | 'trim'>,
): Promise<string[]> {
  return located(staged, (where) =>
    eachCell(
      distinct,
      checkedCells(options, (at) => where(at, distinct.role)),
    ),
  );
}

/** [cells] what a check makes of them. An error that it throws is that of the first row, whatever the order of the cells. */
export function eachCell<T>({ cells, row }: Distinct, check: (cell: unknown, row: number) => T): T[] {
  try {
    return cells.map((cell, code) => check(cell, row[code]!));
  } catch (error) {
    for (const code of [...row.keys()].sort((a, b) => row[a]! - row[b]!)) check(cells[code], row[code]!);
    throw error;
  }
}
