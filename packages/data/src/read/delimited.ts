import { missingTest } from '../cells.ts';
import type { Interactions } from '../interactions.ts';
import { type EventColumns, interactionsOf } from '../interactions-of.ts';
import { chooseColumns, isHeader, type Role, unreadColumns } from './columns.ts';
import { allDropped, droppedNotes, kindOf } from './kinds.ts';
import { longestSequences } from './nested.ts';
import type { Reading } from './options.ts';
import { placeIn, readTable, repeatedHeader, type Table } from './table.ts';

/**
 * Reads the events of one delimited file into memory.
 *
 * @param between called between two pieces of the file with the rows so far; an error that it throws stops the reading
 */
export async function readDelimited(
  path: string,
  { columns, kinds, ids, missing, separator, file }: Reading,
  between: (rows: number) => void,
): Promise<Interactions> {
  let header: readonly string[] = [];
  const choose = (names: readonly string[]) => {
    header = names;
    return chooseColumns(names, columns, kinds !== undefined) as Record<string, string>;
  };
  const table = await readTable(path, file, choose, between);
  if (file.header) refuseHeader(table);
  const notes = unreadColumns(path, header, table.column, columns);
  if (table.cells.history) notes.push(...unusedColumns(table));
  const { events, row } = table.cells.history
    ? eventsOfHistories(table, { separator, missing, trim: file.trim })
    : eventsOf(table, kinds, missingTest(missing));
  if (row.length === 0) throw allDropped(path, table.line.length, kinds);
  if (!table.cells.history) notes.push(...droppedNotes(path, table.line.length - row.length, kinds));
  const interactions = interactionsOf(events, {
    ids,
    missing,
    trim: file.trim,
    where: (event, column) => placeIn(table, row[event]!, column),
  });
  return { ...interactions, info: { notes: [...notes, ...interactions.info.notes] } };
}

/** Events, and the table row that each comes from. */
interface EventRows {
  events: EventColumns;
  row: readonly number[];
}

function eventsOfHistories(table: Table, options: Parameters<typeof longestSequences>[1]): EventRows {
  const cells = table.cells as Record<'user' | 'item' | 'history', string[]>;
  const { user, item, row } = longestSequences(cells, options, (row, column) => placeIn(table, row, column));
  return { events: { user, item }, row };
}

/** Rows whose kind is not dropped. */
function eventsOf(table: Table, kinds: Reading['kinds'], isMissing: (text: string) => boolean): EventRows {
  const { cells, line } = table;
  const kind = kinds
    ? cells.kind!.map((text, row) => kindOf(text, kinds, isMissing, () => placeIn(table, row, 'kind')))
    : cells.kind;
  const row = [...line.keys()].filter((at) => kind?.[at] !== null);
  const kept = <T>(column: readonly T[] | undefined) => column && row.map((at) => column[at]!);
  const time = kept(cells.time);
  const named = kept(kind as string[] | undefined);
  const reward = kept(cells.reward);
  return {
    events: {
      user: kept(cells.user)!,
      item: kept(cells.item)!,
      ...(time && { time }),
      ...(named && { kind: named }),
      ...(reward && { reward }),
    },
    row,
  };
}

/** If the option `header` names the columns, the first line must not be a header as well. */
export function refuseHeader({ file, line, cells }: Table): void {
  const first = Object.entries(cells).map(([role, column]) => [role as Role, column[0]!] as const);
  if (isHeader(first)) throw repeatedHeader(file, line[0]!, Object.fromEntries(first));
}

/** Other columns of a file of histories cannot be used: they would give one value for all events of a row. */
export function unusedColumns({ file, column }: Pick<Table, 'file' | 'column'>): string[] {
  return (['time', 'kind', 'reward'] as const).flatMap((role) =>
    column[role] === undefined
      ? []
      : [`${file}: column ${JSON.stringify(column[role])} is not read: rows are histories of clicks without times.`],
  );
}
