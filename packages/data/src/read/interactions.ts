import { checkPaths, type Given, isObject, LeaError, type Task, task } from '@lea/core';
import type { Interactions } from '../interactions.ts';
import { readDelimited } from './delimited.ts';
import { readWithDuckdb } from './duckdb/read.ts';
import { formOf, type InteractionSource } from './duckdb/source.ts';
import { type ReadInteractionsOptions, type Reading, type ReadingEvent, readingOf } from './options.ts';
import { watched } from './watched.ts';

/**
 * Reads events: CSV, TSV or RecBole `.inter` files, plain or gzipped; with the package `@duckdb/node-api` also Parquet
 * (`.parquet`), JSON (`.json`, `.jsonl`, `.ndjson`), many files (`logs/*.parquet`), and the rows of a query (`{ sql }`).
 *
 * A row is one event or, in files with a history column such as UniSRec's `.inter`, a history and the item that follows it.
 * A user's histories are prefixes of one another, and the longest is the user's sequence.
 *
 * @throws LeaError `E_FILE_MISSING`, `E_FILE_READ`, `E_FILE_EMPTY`, `E_ENCODING_BAD`, `E_COLUMN_MISSING`,
 *   `E_COLUMN_DUPLICATE`, `E_ROW_BAD`, `E_RECORD_LARGE`, `E_CELL_MISSING`, `E_CELL_BAD`, `E_LIST_BAD`, `E_TIME_BAD`,
 *   `E_TIME_MIXED`, `E_KIND_UNKNOWN`, `E_ID_UNKNOWN`, `E_SEQUENCE_CONFLICT`, `E_DATA_EMPTY` (all events are dropped), with
 *   DuckDB also `E_PEER_MISSING`, `E_QUERY_FAILED`, `E_DATA_LARGE`; every error names file, line and value
 */
export function readInteractions(
  source: InteractionSource,
  options?: Given<ReadInteractionsOptions>,
): Task<Interactions, ReadingEvent> {
  return task(() => reading(source, options));
}

function reading(
  source: InteractionSource,
  options: Given<ReadInteractionsOptions> | undefined,
): AsyncGenerator<ReadingEvent, Interactions, undefined> {
  if (!isObject(source)) checkPaths('readInteractions', { path: source });
  const o = readingOf(options);
  const form = formOf(source);
  if (o.engine === 'js' && form !== 'delimited') {
    throw new LeaError('E_OPTION_VALUE', `readInteractions: the engine js reads delimited text, not ${form}.`, {
      value: source,
      hint: 'Leave the option "engine" out.',
    });
  }
  o.signal?.throwIfAborted();
  return typeof source === 'string' && form === 'delimited' && o.engine !== 'duckdb'
    ? readSmall(source, o)
    : readWithDuckdb(source, form, o);
}

async function* readSmall(path: string, o: Reading): AsyncGenerator<ReadingEvent, Interactions, undefined> {
  let rows = 0;
  const left = new AbortController();
  const work = readDelimited(path, o, (now) => {
    o.signal?.throwIfAborted();
    left.signal.throwIfAborted();
    rows = now;
  });
  try {
    return yield* watched(work, () => ({ stage: 'read', done: rows, total: undefined, unit: 'rows' }) as const);
  } finally {
    left.abort();
  }
}
