import { LeaError } from '@lea/core';
import type { Role } from '../columns.ts';
import { isRemote } from '../other-forms.ts';
import type { FileOptions } from '../table.ts';
import { firstLine } from './database.ts';

/** Rows that one statement reads: those of a delimited file, or all rows of a source of another form. */
export interface Part {
  /** Where its columns are declared, for errors. */
  readonly where: string;
  /** Names of the columns, as the source spells them. */
  readonly header: readonly string[];
  /** [columns] names and types in `from` */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** What follows FROM. */
  readonly from: string;
  /** Whether a row may be the header again. */
  readonly repeats?: boolean;
  /** Describes a row of the part, from 0, in errors. */
  place(row: number): Promise<string>;
}

/** The rows of a source, in one part or several. */
export interface Source {
  /** Names it in notes. */
  readonly name: string;
  readonly parts: readonly Part[];
  /** Whether it is delimited text. */
  readonly delimited: boolean;
  /** Whether it stores the number of its rows. */
  readonly counted: boolean;
  /** Throws what our reader finds wrong with the rows of a part of delimited text. */
  check(part: number): Promise<void>;
  /** The error for a part that DuckDB cannot read. */
  failure(part: number, cause: unknown): LeaError;
}

/** How a source is read. */
export interface PartOptions {
  readonly file: FileOptions;
  /** Given the header, returns role -> column name. */
  readonly choose: (header: readonly string[]) => Partial<Record<Role, string>>;
  /** Folder for temporary files. */
  readonly folder: string;
  /** Called now and then; an error that it throws stops the reading. */
  readonly between: () => void;
}

/** A pattern that matches this path only. */
export function escaped(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

/** The error for a file that DuckDB cannot read. */
export function unreadable(
  path: string,
  cause: unknown,
  hint: string = isRemote(path)
    ? "Download the file, or let DuckDB fetch its extension: duckdb: { autoinstall_known_extensions: 'true' }."
    : 'Check that it was written or downloaded completely.',
): LeaError {
  return new LeaError('E_FILE_READ', `DuckDB cannot read the file: ${firstLine(cause)}`, { value: path, hint, cause });
}

/** The error for a column that one file of a pattern has and another has not. */
export function missingIn(lacking: string, name: string, having: string, role: Role): LeaError {
  const needed = role === 'user' || role === 'item';
  return new LeaError('E_COLUMN_MISSING', `${lacking}: the column ${name} is missing, which ${having} has.`, {
    value: name,
    hint: `Files of a pattern need the same columns. ${needed ? 'Add it.' : `Add it, or leave it out with columns: { ${role}: null }.`}`,
  });
}
