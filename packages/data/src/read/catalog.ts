import { LeaError, withDefaults } from '@lea/core';
import { alignCatalog, type Catalog, type ItemRecord } from '../catalog.ts';
import { orderedIds } from '../ids.ts';
import { readTable, type Table } from './table.ts';
import { parseTemplate } from './template.ts';

export interface ReadCatalogOptions {
  /** Column of the item id. Default: `item_id`. */
  id: string;
  /** Makes the text of columns in single braces; a part whose column is empty is left out. Default: `{text}`. */
  template: string;
  /** Columns kept as attributes beside those of the template. Default: none. */
  attributes: readonly string[];
  /** File `raw id <tab> id` without header, when the texts go by other ids than the interactions. Texts it does not list are left out. */
  index: string | undefined;
  /** The items wanted and their order, normally those of the interactions. Default: all of the file. */
  itemIds: readonly string[] | undefined;
  /** What an item without text gets: `raise` an error, `id` its id as text. Default: `raise`. */
  missingText: 'raise' | 'id';
  /** Default: comma for `.csv`, tab otherwise. */
  delimiter: string | undefined;
  /** Column names of a file without a header line. */
  header: readonly string[] | undefined;
}

const defaults: ReadCatalogOptions = {
  id: 'item_id',
  template: '{text}',
  attributes: [],
  index: undefined,
  itemIds: undefined,
  missingText: 'raise',
  delimiter: undefined,
  header: undefined,
};

/**
 * Reads item texts from CSV, TSV or RecBole `.item`/`.text` files, plain or gzipped.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_COLUMN_MISSING`, `E_ROW_BAD`, `E_ID_DUPLICATE`, `E_TEMPLATE_BAD`, `E_TEXT_MISSING`
 */
export async function readCatalog(path: string, options?: Partial<ReadCatalogOptions>): Promise<Catalog> {
  const { id, template, attributes, index, itemIds, missingText, delimiter, header } = withDefaults(
    'readCatalog',
    defaults,
    options,
  );
  const { names, fill } = parseTemplate(template);
  const columns = [...new Set([...names, ...attributes])];
  // Prefixed, so that a column may be called "id".
  const table = await readTable(path, { delimiter, header }, () => ({
    id,
    ...Object.fromEntries(columns.map((name) => [`.${name}`, name])),
  }));
  const rename = index === undefined ? undefined : await readIndex(index);

  const records = new Map<string, ItemRecord>();
  table.line.forEach((line, row) => {
    const raw = table.cells.id![row]!;
    const key = rename ? rename.get(raw) : raw;
    if (key === undefined) return;
    const values = Object.fromEntries(columns.map((name) => [name, table.cells[`.${name}`]![row]!.trim()]));
    const text = fill(values);
    const known = records.get(key);
    if (known && known.text !== text) {
      throw new LeaError('E_ID_DUPLICATE', `${path} line ${line}, column ${id}: a second text for an item.`, {
        value: raw,
        hint: 'Keep one line per item.',
      });
    }
    records.set(key, { text, attributes: names.join() === 'text' && attributes.length === 0 ? {} : values });
  });
  return alignCatalog(records, itemIds ?? orderedIds(records.keys()), missingText);
}

async function readIndex(path: string): Promise<Map<string, string>> {
  const table: Table = await readTable(path, { header: ['raw', 'id'] }, () => ({ raw: 'raw', id: 'id' }));
  return new Map(table.cells.raw!.map((raw, row) => [raw, table.cells.id![row]!]));
}
