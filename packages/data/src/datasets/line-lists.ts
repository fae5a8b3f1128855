import { listOf } from '../read/list.ts';
import { placeIn, readTable } from '../read/table.ts';

/**
 * The lists of a file with one list of ids per line, separated by spaces; gzip is detected by content.
 *
 * @throws LeaError `E_LIST_BAD` and the errors of `readTable`
 */
export async function readLineLists(path: string): Promise<string[][]> {
  const table = await readTable(path, { header: ['list'], delimiter: '\t', quote: null }, () => ({ list: 'list' }));
  return table.cells.list!.map((cell, row) => listOf(cell, undefined, () => placeIn(table, row)));
}
