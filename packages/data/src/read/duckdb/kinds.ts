import { missingTest } from '../../cells.ts';
import { kindOf } from '../kinds.ts';
import type { Reading } from '../options.ts';
import type { Database } from './database.ts';
import { type Distinct, eachCell } from './distinct.ts';
import type { Staged } from './stage.ts';

/** [cells] the kinds of raw values, `null` for those whose events are dropped. @throws LeaError `E_KIND_UNKNOWN` */
export function mappedKinds(
  db: Database,
  staged: Staged,
  distinct: Distinct,
  { kinds = {}, missing }: Reading,
): Promise<(string | null)[]> {
  const isMissing = missingTest(missing);
  const textOf = (cell: unknown) => (cell === null ? '' : String(cell));
  const checkFor = (where: (row: number) => string) => (cell: unknown, row: number) =>
    kindOf(textOf(cell), kinds, isMissing, () => where(row));
  return eachCell(db, staged, distinct, checkFor);
}

/** Removes the rows whose kind is `null`, and returns their number. */
export async function dropRows(db: Database, mapped: readonly (string | null)[]): Promise<number> {
  const codes = [...mapped.keys()].filter((code) => mapped[code] === null);
  if (codes.length === 0) return 0;
  const those = `rows.kind is not distinct from kind_cells.cell and kind_cells.rowid in (${codes.join(', ')})`;
  return Number(await db.value(`delete from rows using kind_cells where ${those}`));
}
