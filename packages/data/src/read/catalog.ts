import { LeaError, show, withDefaults } from '@lea/core';
import { alignCatalog, type Catalog, type ItemRecord } from '../catalog.ts';
import { type CellOptions, missingTest, missingWords } from '../cells.ts';
import { orderedIds } from '../ids.ts';
import { isHeader } from './columns.ts';
import { type FileOptions, fileDefaults, idsOf, mapOf, placeIn, readTable, repeatedHeader } from './table.ts';
import { parseTemplate } from './template.ts';

export interface ReadCatalogOptions extends FileOptions, CellOptions {
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
}

const defaults: Required<ReadCatalogOptions> = {
  ...fileDefaults,
  id: 'item_id',
  template: '{text}',
  attributes: [],
  index: undefined,
  itemIds: undefined,
  missingText: 'raise',
  missing: missingWords,
};

/**
 * Reads item texts from CSV, TSV or RecBole `.item`/`.text` files, plain or gzipped. A cell that holds a word for a missing value
 * counts as empty. The index is read in the same encoding.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_ENCODING_BAD`, `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`, `E_ROW_BAD`,
 *   `E_RECORD_LARGE`, `E_CELL_MISSING`, `E_CELL_BAD`, `E_ID_DUPLICATE`, `E_TEMPLATE_BAD`, `E_TEXT_MISSING`
 */
export async function readCatalog(path: string, options?: Partial<ReadCatalogOptions>): Promise<Catalog> {
  const { id, template, attributes, index, itemIds, missingText, missing, ...file } = withDefaults(
    'readCatalog',
    defaults,
    options,
  );
  const { names, fill } = parseTemplate(template);
  const columns = [...new Set([...names, ...attributes])];
  // Prefixed, so that a column may be called "id".
  const table = await readTable(path, file, () => ({
    id,
    ...Object.fromEntries(columns.map((name) => [`.${name}`, name])),
  }));
  const ids = idsOf(table, 'id', { missing, trim: file.trim });
  const first = columns.map((name) => ['text', table.cells[`.${name}`]![0]!] as const);
  if (file.header && isHeader([['item', ids[0]!], ...first])) throw repeatedHeader(path, table.line[0]!, ids[0]);
  const rename = index === undefined ? undefined : await readIndex(index, file);
  const isMissing = missingTest(missing);

  const known = new Map<string, { text: string; values: Record<string, string> }>();
  ids.forEach((raw, row) => {
    const key = rename ? rename.get(raw) : raw;
    if (key === undefined) return;
    const values = Object.fromEntries(
      columns.map((name) => {
        const cell = table.cells[`.${name}`]![row]!;
        return [name, isMissing(cell) ? '' : cell];
      }),
    );
    const other = columns.find((name) => (known.get(key)?.values[name] ?? values[name]) !== values[name]);
    if (other !== undefined) {
      throw new LeaError(
        'E_ID_DUPLICATE',
        `${placeIn(table, row, `.${other}`)}: a second value for item ${show(raw)}.`,
        {
          value: values[other],
          hint: 'Keep one line per item.',
        },
      );
    }
    known.set(key, { text: fill(values), values });
  });
  const bare = names.join() === 'text' && attributes.length === 0;
  const records = new Map<string, ItemRecord>(
    Array.from(known, ([key, { text, values }]) => [key, { text, attributes: bare ? {} : values }]),
  );
  return alignCatalog(records, itemIds ?? orderedIds(records.keys()), missingText);
}

async function readIndex(path: string, { encoding, trim }: FileOptions): Promise<Map<string, string>> {
  const table = await readTable(path, { header: ['raw', 'id'], encoding, trim }, () => ({ raw: 'raw', id: 'id' }));
  return mapOf(table, 'raw', 'id');
}
