import { isUtf8 } from 'node:buffer';
import { findColumn } from '../columns.ts';
import { formatOf } from '../table.ts';
import { bytesOf, textOf } from '../text.ts';
import type { Part, PartOptions } from './part.ts';

/** What the bytes of a delimited file tell. */
export interface Looks {
  /** Whether it may have rows that only our reader refuses. */
  readonly careful: boolean;
  /** Whether it has several kinds of line ends. */
  readonly mixed: boolean;
  /** Whether a row may be the header again. */
  readonly repeats: boolean;
}

/** DuckDB refuses longer lines itself. */
const LONGEST_LINE = 2_000_000;

const lineEnds = { CRLF: /\r\n/, CR: /\r(?!\n)/, LF: /(?<!\r)\n/ };

/**
 * Looks for what DuckDB does not read as our reader does. Bytes are searched many times faster than records are read.
 *
 * @param encoding of the file
 * @throws LeaError `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`, `E_ENCODING_BAD`
 */
export async function looksOf(
  path: string,
  options: PartOptions,
  { where, header }: Pick<Part, 'where' | 'header'>,
  encoding: string,
): Promise<Looks> {
  const { file, choose, between } = options;
  const { delimiter, quote, maxRecordSize } = formatOf(path, file);
  const marks = ['\0', `${delimiter}\n`, ...(quote === null ? [] : [quote])];
  const names = Object.values(choose(header)).map((column) => header[findColumn(where, column, header)]!);
  const rarest = names.reduce((a, b) => (b.length > a.length ? b : a));
  let careful = maxRecordSize < LONGEST_LINE;
  let headers = file.header ? 1 : 0;
  const ends = new Set<string>();
  const open = Buffer.from(delimiter);
  let unended = false;
  let valid = false;
  for await (const piece of pieces(path, encoding)) {
    between();
    if (!valid && !isUtf8(piece)) {
      await refuseBytes(path, options);
      valid = true;
    }
    // The search from the end looks for the last byte of a mark, and there are fewer line ends than delimiters.
    careful ||= piece.length > LONGEST_LINE || marks.some((mark) => piece.lastIndexOf(mark) >= 0);
    for (let at = piece.indexOf(rarest); at >= 0 && headers < 2; at = piece.indexOf(rarest, at + 1)) headers++;
    if (piece.includes('\r')) {
      careful ||= piece.includes(`${delimiter}\r`);
      const text = piece.toString('latin1');
      for (const [name, end] of Object.entries(lineEnds)) if (end.test(text)) ends.add(name);
    } else if (piece.includes('\n')) ends.add('LF');
    unended = piece.subarray(-open.length).equals(open);
  }
  return { careful: careful || unended, mixed: ends.size > 1, repeats: headers > 1 };
}

/** The bytes of a file in UTF-8, in pieces that end with a line or are too long. */
async function* pieces(path: string, encoding: string): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  for await (const read of encoding === 'utf-8' ? bytesOf(path) : textOf(path, encoding)) {
    const bytes = typeof read === 'string' ? Buffer.from(read) : read;
    const [first, last] = [bytes.indexOf('\n') + 1, bytes.lastIndexOf('\n') + 1];
    if (first > 0) yield Buffer.concat([held, bytes.subarray(0, first)]);
    if (last > first) yield bytes.subarray(first, last);
    held = first > 0 ? Buffer.from(bytes.subarray(last)) : Buffer.concat([held, bytes]);
    if (held.length <= LONGEST_LINE) continue;
    yield held;
    held = Buffer.alloc(0);
  }
  if (held.length > 0) yield held;
}

/** Finds the line of the invalid bytes. */
async function refuseBytes(path: string, { file, between }: PartOptions): Promise<void> {
  for await (const _ of textOf(path, file.encoding)) between();
}
