import { LeaError } from '@lea/core';

/** Other forms of files than delimited text: how they begin, and how their events are read. */
const forms: readonly { name: string; begins: RegExp; hint: string }[] = [
  {
    name: 'Parquet',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no text begins so.
    begins: /^PAR1[\0-\x1f]/,
    hint: 'readInteractions reads it unpacked under a name that ends with .parquet, or by { sql: "select * from read_parquet(...)" }.',
  },
  {
    name: 'compressed by zstd',
    begins: /^\x28\xb5\x2f\xfd/,
    hint: 'Decompress it, or read its events by a query: { sql: "select * from read_csv(...)" }, or read_json(...).',
  },
  { name: 'compressed by bzip2', begins: /^BZh[1-9]1AY&SY/, hint: 'Decompress it.' },
  { name: 'compressed by xz', begins: /^\xfd7zXZ/, hint: 'Decompress it.' },
  {
    name: 'an archive or a spreadsheet',
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no text begins so.
    begins: /^PK\x03\x04/,
    hint: 'Unpack it, or save the spreadsheet as CSV.',
  },
];

/** Refuses the first bytes of a file of another form. @throws LeaError `E_FILE_READ` */
export function refuseOther(path: string, bytes: Uint8Array): void {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const form = forms.find(({ begins }) => begins.test(start));
  if (!form) return;
  throw new LeaError('E_FILE_READ', `The file is no delimited text, but ${form.name}.`, {
    value: path,
    hint: form.hint,
  });
}

/** Whether the name of a file says that it is JSON. */
export function isJson(path: string): boolean {
  return /\.(json|jsonl|ndjson)(\.gz)?$/i.test(path);
}

/** Whether a path is that of another system than the one of files, such as `https://` or `s3://`. */
export function isRemote(path: string): boolean {
  return /^\w+:\/\//.test(path);
}

/** How a path is read that names no file of this machine; undefined if it looks like one that does. */
export function elsewhere(path: string): string | undefined {
  if (isRemote(path)) {
    return 'Download it, or read it by { sql: "select * from read_csv(...)" } with duckdb: { autoinstall_known_extensions: "true" }.';
  }
  return /[*?[]/.test(path) ? 'A pattern of files is read by readInteractions with engine: "duckdb".' : undefined;
}
