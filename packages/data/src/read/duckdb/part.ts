import type { Role } from '../columns.ts';
import type { FileOptions } from '../table.ts';

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
  /** Describes a row of the part, from 0, in errors. */
  place(row: number): Promise<string>;
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
