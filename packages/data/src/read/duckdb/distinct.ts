import { type CellOptions, checkedCells } from '../../cells.ts';
import type { Role } from '../columns.ts';
import type { Database } from './database.ts';
import { located, type Staged } from './stage.ts';

/** The distinct cells of a column, in the order in which they occur. The table `ROLE_cells` has them in the same order. */
export interface Distinct {
  readonly role: Role;
  readonly cells: readonly unknown[];
  /** [cells] the first row with the cell */
  readonly row: readonly number[];
}

/** Finds the distinct cells, and yields how much is done, in percent. */
export async function* distinctCells(
  db: Database,
  staged: Staged,
  role: Role,
): AsyncGenerator<number, Distinct, undefined> {
  yield* db.run(
    `create or replace table ${role}_cells as select "${role}" as cell, min(rowid) as first from rows group by "${role}" order by first`,
  );
  const [values = [], first = []] = await db.columns(`select cell, first from ${role}_cells`);
  return { role, cells: values.map(staged.read), row: first.map(Number) };
}

/** The checked texts of the cells. @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD` */
export function textsOfCells(
  staged: Staged,
  { role, cells, row }: Distinct,
  options: Pick<CellOptions, 'missing' | 'trim'>,
): Promise<string[]> {
  return located(staged, (where) => {
    const check = checkedCells(options, (at) => where(at, role));
    return cells.map((cell, code) => check(cell, row[code]!));
  });
}
