import { existsSync } from 'node:fs';
import {
  checkPaths,
  type Given,
  LeaError,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  show,
  text,
} from '@lea/core';
import { type CellOptions, cellSchema, idTexts, missingTest, texts } from '../cells.ts';
import { orderedIds } from '../ids.ts';
import { alignItemTexts, type ItemRecord, type ItemTexts } from '../item-texts.ts';
import { isHeader } from './columns.ts';
import { elsewhere, isJson } from './other-forms.ts';
import { type FileOptions, fileSchema, idsOf, mapOf, placeIn, readTable, repeatedHeader } from './table.ts';
import { parseTemplate } from './template.ts';

/** Options of `readItemTexts`. */
export interface ReadItemTextsOptions extends FileOptions, CellOptions {
  /** Column of the item id. Default: `item_id`. */
  readonly id: string;
  /** Builds an item's text from columns in single braces; parts with an empty column are left out. Default: `{text}`. */
  readonly template: string;
  /** Columns to keep as attributes, in addition to those of the template. Default: none. */
  readonly attributes: readonly string[];
  /**
   * Path of a file `raw id <tab> id` without header, for texts whose ids differ from those of the interactions. Texts that it
   * does not list are left out. Default: none.
   */
  readonly index: string | undefined;
  /** The items and their order, usually `itemIds` of the interactions. Default: all items of the file. */
  readonly itemIds: readonly string[] | undefined;
  /** Behavior for items without text: `throw` throws, `id` uses the id as the text. Default: `throw`. */
  readonly missingText: 'throw' | 'id';
}

/** Defaults and checks of {@link ReadItemTextsOptions}. */
export const readItemTextsSchema: OptionsSchema<ReadItemTextsOptions> = {
  ...fileSchema,
  ...cellSchema,
  id: option(text, 'item_id'),
  template: option(text, '{text}'),
  attributes: option(texts('must be a list of column names.'), []),
  index: option(text, undefined),
  itemIds: option(idTexts, undefined),
  missingText: option(oneOf('throw', 'id'), 'throw'),
};

/**
 * Reads item texts from CSV, TSV or RecBole `.item`/`.text` files, plain or gzipped. A cell with a word for a missing value
 * counts as empty. The index file is read with the same encoding.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_ENCODING_BAD`, `E_COLUMN_MISSING`,
 *   `E_COLUMN_DUPLICATE`, `E_ROW_BAD`, `E_RECORD_LARGE`, `E_CELL_MISSING`, `E_CELL_BAD`, `E_ID_DUPLICATE`, `E_ID_UNKNOWN` (an
 *   index without an id of the file), `E_TEMPLATE_BAD`, `E_TEXT_MISSING`
 */
export async function readItemTexts(path: string, options?: Given<ReadItemTextsOptions>): Promise<ItemTexts> {
  checkPaths('readItemTexts', { path });
  refuseOtherForms(path);
  const { id, template, attributes, index, itemIds, missingText, missing, ...file } = parseOptions(
    'readItemTexts',
    readItemTextsSchema,
    options,
  );
  const { names, fill } = parseTemplate(template);
  const columns = [...new Set([...names, ...attributes])];
  // The prefix allows a column named "id".
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
        `${placeIn(table, row, `.${other}`)}: item ${show(raw)} has a second, different value.`,
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
  if (rename && known.size === 0) throw unusedIndex(index!, path, ids[0]!);
  return alignItemTexts(records, itemIds ?? orderedIds(records.keys()), missingText);
}

/** Refuses what only `readInteractions` reads. A file whose name looks like a pattern is one file. */
function refuseOtherForms(path: string): void {
  const form = isJson(path) ? 'JSON' : /\.parquet$/i.test(path) ? 'Parquet' : undefined;
  const many = elsewhere(path) !== undefined && !existsSync(path);
  if (form === undefined && !many) return;
  throw new LeaError(
    'E_FILE_READ',
    `Texts of items are read from one file of delimited text${form ? `, not from ${form}` : ''}.`,
    {
      value: path,
      hint: "Write them as one file of CSV or TSV, for example with DuckDB: copy (select ...) to 'items.csv'.",
    },
  );
}

function unusedIndex(index: string, path: string, id: string): LeaError {
  return new LeaError('E_ID_UNKNOWN', `${index}: the index lists none of the ids in ${path}, such as this one.`, {
    value: id,
    hint: 'Each of its lines needs an id of that file, a tab and the id of the interactions.',
  });
}

async function readIndex(
  path: string,
  { encoding, trim }: Pick<FileOptions, 'encoding' | 'trim'>,
): Promise<Map<string, string>> {
  const table = await readTable(path, { header: ['raw', 'id'], encoding, trim }, () => ({ raw: 'raw', id: 'id' }));
  return mapOf(table, 'raw', 'id');
}
