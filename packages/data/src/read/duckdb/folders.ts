import { identifier, literal } from './database.ts';

/** Name of the column in which DuckDB gives the path of a row's file. */
const PATH = 'lea_path';

/** What a folder without a value is called. */
const NONE = '__HIVE_DEFAULT_PARTITION__';

/**
 * The columns that folders of files name, as in `kind=view/0.parquet`: those that the files do not have themselves, whatever the
 * case of their names.
 */
export function folderColumns(files: readonly string[], own: readonly string[]): string[] {
  const known = new Set(own.map((name) => name.toLowerCase()));
  const names: string[] = [];
  for (const file of files) {
    for (const [, name] of file.matchAll(/(?<=^|[/\\])([^/\\=]+)=[^/\\]*(?=[/\\])/g)) {
      if (known.has(name!.toLowerCase())) continue;
      known.add(name!.toLowerCase());
      names.push(name!);
    }
  }
  return names;
}

/**
 * What follows FROM to read a table function with these columns. Their values are texts, as they are written: 07 is not 7.
 *
 * @param scan makes the call of the table function from further arguments
 */
export function withFolders(names: readonly string[], scan: (more: string) => string): string {
  // DuckDB would let folders replace columns of the files, and guess the types of their names.
  const own = 'hive_partitioning = false';
  if (names.length === 0) return scan(own);
  const values = names.map((name) => {
    const key = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const value = `regexp_extract(${PATH}, ${literal(`(^|.*[/\\\\])${key}=([^/\\\\]*)[/\\\\]`)}, 2, 'i')`;
    return `nullif(nullif(url_decode(${value}), ''), ${literal(NONE)}) as ${identifier(name)}`;
  });
  const files = scan(`${own}, filename = ${literal(PATH)}`);
  return `(select * exclude (${PATH}), ${values.join(', ')} from ${files})`;
}
