import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder, writeError } from '@lea/core/node';

/** SQLite's code for a database that another connection has locked. */
const BUSY = 5;

/** Milliseconds to wait for a shared lock, because others may hold the folder for a moment only, to clean up. */
const PATIENCE = 5000;

/** Milliseconds to wait for an exclusive lock, because others may look at it for a moment. */
const GLANCE = 100;

/** `held` until it is released; `busy`: another process holds it; `none`: the folder cannot be locked, nor written to as a rule. */
export interface Lock {
  readonly state: 'held' | 'busy' | 'none';
  release(): void;
}

/**
 * Locks a folder by a transaction on an empty database in it, `lock`. That is a lock of the operating system: it ends with the
 * process, however that ends, and needs neither process ids nor clocks. A process holds an exclusive lock alone; shared locks
 * are held by several processes at a time.
 *
 * @throws LeaError `E_DISK_FULL`, `E_FILE_WRITE` when the folder cannot be made
 */
export async function lockFolder(folder: string, mode: 'exclusive' | 'shared' = 'exclusive'): Promise<Lock> {
  await makeFolder(folder).catch((cause) => {
    throw writeError(folder, cause);
  });
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, 'lock'), { timeout: mode === 'shared' ? PATIENCE : GLANCE });
    // The journal stays in memory: nothing but the lock itself is on disk.
    database.exec('PRAGMA journal_mode = MEMORY');
    // A transaction that has read something shares the database until it ends.
    database.exec(mode === 'shared' ? 'BEGIN; SELECT count(*) FROM sqlite_master' : 'BEGIN EXCLUSIVE');
    const held = database;
    return { state: 'held', release: () => held.close() };
  } catch (error) {
    database?.close();
    return { state: (error as { errcode?: number }).errcode === BUSY ? 'busy' : 'none', release: () => {} };
  }
}

/** Whether a process holds the exclusive lock of a folder. It writes nothing, so that anybody may look. */
export function isHeld(folder: string): boolean {
  const path = join(folder, 'lock');
  if (!existsSync(path)) return false;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    database.exec('SELECT count(*) FROM sqlite_master');
    return false;
  } catch (error) {
    return (error as { errcode?: number }).errcode === BUSY;
  } finally {
    database?.close();
  }
}
