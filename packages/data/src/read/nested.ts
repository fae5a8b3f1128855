import { LeaError } from '@lea/core';
import { type Cell, type CellOptions, checkedCells } from '../cells.ts';
import { listOf } from './list.ts';

/** Columns of rows that are histories. */
interface HistoryCells {
  user: readonly Cell[];
  /** The item that follows the history. */
  item: readonly Cell[];
  /** Lists of items, or texts with lists. */
  history: readonly (string | readonly Cell[])[];
}

/** Events of rows that are histories: `row[e]` is the table row of event `e`. */
export interface NestedEvents {
  user: string[];
  item: string[];
  row: number[];
}

/**
 * The whole sequence of each user: the longest of the user's rows `history, item`, which must be prefixes of one another.
 *
 * @param separator between the items of a text, see `listOf`
 * @param where describes a row (and the column) in errors
 * @throws LeaError `E_LIST_BAD`, `E_CELL_MISSING`, `E_CELL_BAD`, `E_SEQUENCE_CONFLICT` when a row is not a prefix of the user's
 *   longest row
 */
export function longestSequences(
  { user, item, history }: HistoryCells,
  { separator, ...cells }: CellOptions & { readonly separator: string | undefined },
  where: (row: number, column?: 'user' | 'item' | 'history') => string,
): NestedEvents {
  const check = (column: 'user' | 'item' | 'history') => checkedCells(cells, (row) => where(row, column));
  const [userOf, itemOf, pastOf] = [check('user'), check('item'), check('history')];
  const users = user.map(userOf);
  const sequences = history.map((list, row) => {
    const past = typeof list === 'string' ? listOf(list, separator, () => where(row, 'history')) : list;
    return [...past.map((id) => pastOf(id, row)), itemOf(item[row], row)];
  });
  const longest = new Map<string, number>();
  sequences.forEach((sequence, row) => {
    const best = longest.get(users[row]!);
    if (best === undefined || sequence.length > sequences[best]!.length) longest.set(users[row]!, row);
  });
  sequences.forEach((sequence, row) => {
    const best = longest.get(users[row]!)!;
    if (sequence.every((id, i) => id === sequences[best]![i])) return;
    throw new LeaError(
      'E_SEQUENCE_CONFLICT',
      `${where(row)}: the sequence of user "${users[row]}" is not a prefix of that in ${where(best)}.`,
      {
        value: sequence.join(' '),
        hint: 'Histories truncated to a maximum length cause this. Use a file with one full row per user, such as the test file.',
      },
    );
  });
  const events: NestedEvents = { user: [], item: [], row: [] };
  for (const [id, row] of longest) {
    for (const one of sequences[row]!) {
      events.user.push(id);
      events.item.push(one);
      events.row.push(row);
    }
  }
  return events;
}
