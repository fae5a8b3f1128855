import { rm } from 'node:fs/promises';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { LeaError } from '@lea/core';
import { watched } from '../watched.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A database in memory, which holds the rows of one reading and writes to a temporary folder what does not fit. */
export class Database {
  /** Is removed when the database is closed. */
  readonly folder: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal | undefined;
  readonly #interrupt = () => this.#connection.interrupt();

  /** @throws LeaError `E_PEER_MISSING`, `E_OPTION_VALUE` for an unknown setting */
  static async open(settings: Readonly<Record<string, string>>, signal: AbortSignal | undefined): Promise<Database> {
    const { DuckDBInstance } = await loadPeer();
    const folder = await temporaryFolder();
    try {
      const instance = await DuckDBInstance.create(':memory:', {
        temp_directory: folder,
        // Nothing is downloaded unless the caller wants it.
        autoinstall_known_extensions: 'false',
        ...settings,
        // Row numbers are the positions in the source.
        preserve_insertion_order: 'true',
      });
      const connection = await instance.connect();
      // Times without a zone are UTC, whatever the zone of the machine.
      await connection.run("set TimeZone = 'UTC'");
      await connection.run('set enable_progress_bar = true; set enable_progress_bar_print = false');
      // A query that waits for its reader again and again takes almost twice the time.
      await connection.run("set streaming_buffer_size = '512MB'");
      return new Database(folder, instance, connection, signal);
    } catch (cause) {
      await rm(folder, { recursive: true, force: true });
      throw new LeaError('E_OPTION_VALUE', `duckdb: ${firstLine(cause)}`, {
        value: settings,
        hint: 'The settings are those of DuckDB, such as { memory_limit: "4GB" }.',
        cause,
      });
    }
  }

  private constructor(
    folder: string,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    signal: AbortSignal | undefined,
  ) {
    this.folder = folder;
    this.#instance = instance;
    this.#connection = connection;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#interrupt);
  }

  /** Runs a statement and yields how much of it is done, in percent. */
  async *run(sql: string): AsyncGenerator<number, void, undefined> {
    this.#signal?.throwIfAborted();
    const work = this.#connection.run(sql);
    let ended = false;
    try {
      yield* watched(work, () => Math.max(0, Math.floor(this.#connection.progress.percentage)));
      ended = true;
    } catch (error) {
      ended = true;
      this.#signal?.throwIfAborted();
      throw error;
    } finally {
      // Somebody left the loop over the events.
      if (!ended) this.#interrupt();
      await work.catch(() => {});
    }
  }

  /** [columns][rows] of a small result. */
  async columns(sql: string): Promise<DuckDBValue[][]> {
    const all: DuckDBValue[][] = [];
    for await (const chunk of this.chunks(sql)) chunk.appendToColumns(all);
    return all;
  }

  /** The only value of a result. */
  async value(sql: string): Promise<DuckDBValue> {
    return (await this.columns(sql))[0]![0]!;
  }

  /** The rows of a result, some thousands at a time, in any order. */
  async *chunks(sql: string): AsyncGenerator<DuckDBDataChunk, void, undefined> {
    try {
      this.#signal?.throwIfAborted();
      for await (const chunk of await this.#connection.stream(sql)) {
        yield chunk;
        this.#signal?.throwIfAborted();
      }
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#interrupt);
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A text as SQL, whatever it holds. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column's name as SQL, whatever it holds. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** What an error of DuckDB says, without the query. */
export function firstLine(cause: unknown): string {
  return (cause as Error).message.split('\n')[0]!;
}

async function loadPeer(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    throw new LeaError(
      'E_PEER_MISSING',
      'Parquet, JSON, SQL and the engine duckdb need the optional package @duckdb/node-api.',
      {
        hint: 'Run npm i @duckdb/node-api.',
        cause,
      },
    );
  }
}
