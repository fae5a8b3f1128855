import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LeaError } from '@lea/core';
import { readError } from '@lea/core/node';
import { isJson, isRemote } from '../other-forms.ts';
import { type Database, literal } from './database.ts';
import { checkRows, delimitedPart } from './delimited-part.ts';
import { type Part, type PartOptions, type Source, unreadable } from './part.ts';
import { querySource } from './query.ts';
import { jsonSource, parquetSource } from './record-source.ts';

/**
 * Where events come from: the path of a file, a pattern of paths such as `logs/*.parquet`, or a query of DuckDB, such as
 * `{ sql: "select * from 'logs/*.parquet' where country = 'DE'" }`.
 */
export type InteractionSource = string | { readonly sql: string };

/** How a source is stored. */
export type SourceForm = 'delimited' | 'Parquet' | 'JSON' | 'a query';

/** @throws LeaError `E_ARGUMENT_TYPE` */
export function formOf(source: InteractionSource): SourceForm {
  if (typeof source !== 'string') {
    if (typeof source.sql === 'string' && source.sql.trim() !== '') return 'a query';
    throw new LeaError('E_ARGUMENT_TYPE', 'readInteractions: source must be a path or { sql }.', { value: source });
  }
  if (/\.parquet$/i.test(source)) return 'Parquet';
  return isJson(source) ? 'JSON' : 'delimited';
}

/**
 * Finds the files and columns of a source.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_QUERY_FAILED`, and for delimited text those of `eachRow`
 */
export async function openSource(
  db: Database,
  source: InteractionSource,
  form: SourceForm,
  options: PartOptions,
): Promise<Source> {
  if (typeof source !== 'string') return await querySource(db, source.sql);
  const files = await filesOf(db, source);
  if (form === 'JSON') return await jsonSource(db, source, files, options);
  if (form === 'Parquet') return await parquetSource(db, source, files, options);
  const parts: Part[] = [];
  for (const file of files) parts.push(await delimitedPart(file, options));
  return {
    name: source,
    parts,
    delimited: true,
    counted: false,
    check: (part) => checkRows(files[part]!, options),
    failure: (part, cause) => unreadable(files[part]!, cause, 'Leave the option "engine" out if the file is small.'),
  };
}

/** The files of a path or a pattern, in the order of their names. A file whose name looks like a pattern is read itself. */
async function filesOf(db: Database, path: string): Promise<string[]> {
  const pattern = /[*?[]/.test(path);
  // Other systems than that of files are up to DuckDB.
  if (isRemote(path)) {
    if (!pattern) return [path];
  } else {
    const found = await stat(path).catch((cause: unknown) => readError(path, cause));
    if (!(found instanceof LeaError)) {
      if (found.isDirectory()) throw folder(path, path);
      return [path];
    }
    if (!pattern) throw found;
    // A pattern that ends with ** matches the files in folders itself.
    const [inside = []] = path.endsWith('**') ? [] : await matches(db, `${path.replace(/\/+$/, '')}/*`);
    if (inside.length > 0) throw folder(path, dirname(String(inside[0])));
  }
  const [files = []] = await matches(db, path);
  if (files.length > 0) return files.map(String);
  throw new LeaError('E_FILE_MISSING', 'No file matches the pattern.', { value: path, hint: 'Check the path.' });
}

async function matches(db: Database, pattern: string): Promise<unknown[][]> {
  return await db.columns(`select file from glob(${literal(pattern)}) order by file`).catch((cause) => {
    throw unreadable(pattern, cause);
  });
}

/** The error for a folder where files are expected: DuckDB would leave its files out, or lose the columns of its folders. */
function folder(path: string, found: string): LeaError {
  const what = path === found ? 'The path is a folder, not a file.' : 'A folder matches the pattern of files.';
  return new LeaError('E_FILE_READ', what, {
    value: found,
    hint: `To read the files in it, write ${JSON.stringify(`${found}/**/*`)} with their ending.`,
  });
}
