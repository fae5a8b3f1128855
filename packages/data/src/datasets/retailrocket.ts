import { checkPaths, LeaError } from '@lea/core';
import { interactionsOf } from '../interactions-of.ts';
import { listOf } from '../read/list.ts';
import { placeIn, readTable } from '../read/table.ts';
import { type EventSet, filesOf } from './dataset.ts';
import { longestOfLinked, withoutPrefixes } from './overlap.ts';

const source =
  'The data set holds the views, carts and purchases of RetailRocket, as used by MBHT and MB-IMN: ' +
  'get retail_beh.train.inter and retail_beh.test.inter from github.com/tripiggyo1/MB-IMN, folder dataset/retail_beh, ' +
  'gzip both and pass their folder.';

/** Number of consecutive shared events that shows that two windows belong to one user. */
const linkingRun = 5;
/** Sequences and items with fewer events are dropped. */
const fewest = 3;

/** Kind by the number in item_type_list: 0 transaction (dropped), 1 addition to the cart, 2 view. */
const kinds = [undefined, 'purchase', 'click'] as const;
/** Code that replaces a transaction in some rows of the same history. */
const otherTransaction = '3';

/**
 * RetailRocket with clicks (views) and purchases (additions to the cart): 4,125 sequences, 6,596 items, 25,131 clicks,
 * 8,065 purchases. Events have an order but no times, and items have no texts. Transactions are dropped because most repeat
 * an earlier addition to the cart.
 *
 * A row of the files is a history up to a transaction, truncated to 199 events, so one customer has many rows. They become
 * sequences in three steps:
 *
 * 1. The two files are concatenated. Rows that are prefixes of another row are dropped.
 * 2. Rows that share 5 consecutive events (transactions included), directly or through other rows, are windows of one
 *    customer. Only the longest is kept; ties go to the first in the numeric order of items, then types. Without this step
 *    the same events would be in train and test.
 * 3. Transactions are dropped, then sequences of fewer than 3 events, then events of items with fewer than 3 events. This is
 *    done once, so sequences may end up shorter.
 *
 * User ids number the sequences from 0 in the order of step 2.
 *
 * @throws LeaError `E_DATA_MISSING`, `E_ROW_BAD`, `E_KIND_UNKNOWN`, `E_DATA_EMPTY` when no event is left, and the errors of the
 *   readers
 */
export async function loadRetailrocket(dir: string): Promise<EventSet> {
  checkPaths('loadRetailrocket', { dir });
  const files = await filesOf(dir, { train: 'retail_beh.train.inter.gz', test: 'retail_beh.test.inter.gz' }, source);
  const rows = [...(await readRows(files.train)), ...(await readRows(files.test))];
  const histories = longestOfLinked(withoutPrefixes(rows), linkingRun)
    .map((row) => row.map(eventOf).filter(({ kind }) => kind !== undefined))
    .filter((history) => history.length >= fewest);
  const counts = new Map<string, number>();
  for (const { item } of histories.flat()) counts.set(item, (counts.get(item) ?? 0) + 1);
  const frequent = histories
    .map((history) => history.filter(({ item }) => counts.get(item)! >= fewest))
    .filter((history) => history.length > 0);
  const events = frequent.flatMap((history, user) => history.map((event) => ({ ...event, user: String(user) })));
  return {
    name: 'retailrocket',
    interactions: interactionsOf({
      user: events.map(({ user }) => user),
      item: events.map(({ item }) => item),
      kind: events.map(({ kind }) => kind!),
    }),
  };
}

/** The events of each row as numbers that sort by item, then type. The column item_id (the next transaction) is not read. */
async function readRows(path: string): Promise<number[][]> {
  const table = await readTable(path, {}, () => ({ items: 'item_id_list', types: 'item_type_list' }));
  return table.line.map((_, row) => {
    const list = (name: string) => listOf(table.cells[name]![row]!, undefined, () => placeIn(table, row, name));
    const [items, types] = [list('items'), list('types')];
    const where = placeIn(table, row);
    if (items.length !== types.length) {
      throw new LeaError(
        'E_ROW_BAD',
        `${where}: expected one type per item, got ${items.length} items and ${types.length} types.`,
        {
          hint: 'Check that the download is complete.',
        },
      );
    }
    return items.map((item, at) => codeOf(item, types[at]!, where));
  });
}

function codeOf(item: string, given: string, where: string): number {
  if (!/^(0|[1-9]\d{0,8})$/.test(item)) {
    throw new LeaError('E_ROW_BAD', `${where}, column item_id_list: an item must be a whole number.`, { value: item });
  }
  const type = given === otherTransaction ? 0 : ['0', '1', '2'].indexOf(given);
  if (type >= 0) return Number(item) * kinds.length + type;
  throw new LeaError('E_KIND_UNKNOWN', `${where}, column item_type_list: unknown kind of event.`, {
    value: given,
    hint: 'Known kinds are 0 and 3 (transaction), 1 (addition to the cart) and 2 (view).',
  });
}

function eventOf(code: number) {
  return { item: String(Math.floor(code / kinds.length)), kind: kinds[code % kinds.length] };
}
