import { LeaError } from '@lea/core';

export interface RecordOptions {
  delimiter: string;
  /** One character, or `null` to treat quotes as ordinary characters. */
  quote: string | null;
  /** Maximum number of characters of a record. */
  maxRecordSize: number;
}

/** Describes a line, and a column (from 0) if known. */
export type Place = (line: number, column?: number) => string;

/**
 * Calls `row` with the cells of each record and the number of its first line, from 1, until it returns false. Lines end in LF, CRLF or CR, which may be
 * mixed; empty lines are skipped. A quoted cell may contain delimiters, line breaks (normalized to LF) and doubled quotes, as in
 * RFC 4180.
 *
 * @throws LeaError `E_RECORD_LARGE`, `E_ENCODING_BAD` for NUL characters, and the errors of `row`
 */
export async function eachRecord(
  texts: AsyncIterable<string>,
  options: RecordOptions,
  place: Place,
  row: (cells: string[], line: number) => unknown,
): Promise<void> {
  const lines = new Records(options, place, row);
  let rest = '';
  let afterReturn = false;
  for await (const piece of texts) {
    const text = afterReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    if (piece !== '') afterReturn = piece.endsWith('\r');
    const returns = text.includes('\r');
    const nul = text.indexOf('\0');
    if (nul >= 0) throw nulError(place(lines.count + text.slice(0, nul).split(lineEnd).length));
    if (!returns && !text.includes('\n')) {
      rest += text;
      lines.checkSize(rest.length, lines.count + 1);
      continue;
    }
    const whole = (rest + text).split(returns ? lineEnd : '\n');
    rest = whole.pop()!;
    for (const line of whole) if (!lines.add(line)) return;
  }
  if (rest !== '' && !lines.add(rest)) return;
  lines.end();
}

const lineEnd = /\r\n?|\n/;

/** Assembles records from lines. */
class Records {
  /** Number of lines so far. */
  count = 0;
  private begun = 0;
  /** Number of characters of the record so far. */
  private size = 0;
  private cells: string[] = [];
  /** The pieces so far of a quoted cell that continues on the next line. */
  private open: string[] | undefined;
  private opened = 0;
  private readonly options: RecordOptions;
  private readonly place: Place;
  private readonly row: (cells: string[], line: number) => unknown;

  constructor(options: RecordOptions, place: Place, row: (cells: string[], line: number) => unknown) {
    this.options = options;
    this.place = place;
    this.row = row;
  }

  /** False when `row` wants no more. */
  add(line: string): boolean {
    this.count++;
    if (this.open === undefined && line === '') return true;
    this.checkSize(line.length, this.count);
    const { delimiter, quote } = this.options;
    if (this.open === undefined && (quote === null || !line.includes(quote))) {
      return this.row(line.split(delimiter), this.count) !== false;
    }
    if (this.open === undefined) this.begun = this.count;
    this.size += line.length + 1;
    if (!this.isWhole(line, quote!)) return true;
    const { cells } = this;
    this.cells = [];
    this.size = 0;
    return this.row(cells, this.begun) !== false;
  }

  /** Throws if `characters` more would make the record too large. */
  checkSize(characters: number, line: number): void {
    const { maxRecordSize } = this.options;
    if (this.size + characters <= maxRecordSize) return;
    const where = this.place(this.open === undefined ? line : this.begun);
    throw new LeaError('E_RECORD_LARGE', `${where}: the record has more than ${maxRecordSize} characters.`, {
      hint: 'Check its line endings and quotes, or raise the option "maxRecordSize".',
    });
  }

  end(): void {
    if (this.open === undefined) return;
    throw new LeaError('E_ROW_BAD', `${this.place(this.opened, this.cells.length)}: a quote is never closed.`, {
      value: this.open.join('').slice(0, 60),
      hint: quoteHint,
    });
  }

  /** Adds the cells of a line; false if the last one continues on the next line. */
  private isWhole(line: string, quote: string): boolean {
    const { delimiter } = this.options;
    for (let at = 0; ; at += delimiter.length) {
      if (this.open === undefined && line.startsWith(quote, at)) {
        this.open = [];
        this.opened = this.count;
        at++;
      }
      if (this.open === undefined) at = this.bare(line, at, quote);
      else at = this.quoted(line, at, quote);
      if (at < 0) return false;
      if (at >= line.length) return true;
    }
  }

  private bare(line: string, at: number, quote: string): number {
    const next = line.indexOf(this.options.delimiter, at);
    const end = next < 0 ? line.length : next;
    const cell = line.slice(at, end);
    if (cell.includes(quote)) throw this.strayQuote('a quote inside an unquoted cell', cell);
    this.cells.push(cell);
    return end;
  }

  /** Continues a quoted cell; -1 if the line ends inside it. */
  private quoted(line: string, at: number, quote: string): number {
    const open = this.open!;
    for (;;) {
      const end = line.indexOf(quote, at);
      if (end < 0) {
        open.push(line.slice(at), '\n');
        return -1;
      }
      open.push(line.slice(at, end));
      at = end + 1;
      if (!line.startsWith(quote, at)) break;
      open.push(quote);
      at++;
    }
    const cell = open.join('');
    if (at < line.length && !line.startsWith(this.options.delimiter, at)) {
      throw this.strayQuote('text after the closing quote of a cell', cell + quote + line.slice(at, at + 60));
    }
    this.cells.push(cell);
    this.open = undefined;
    return at;
  }

  private strayQuote(what: string, value: string): LeaError {
    return new LeaError('E_ROW_BAD', `${this.place(this.count, this.cells.length)}: ${what}.`, {
      value,
      hint: quoteHint,
    });
  }
}

const quoteHint =
  'Quote the cell and double the quotes inside it, or set the option "quote" to null if quotes are ordinary characters.';

function nulError(where: string): LeaError {
  return new LeaError(
    'E_ENCODING_BAD',
    `${where}: found a NUL character, so the file is not text or has another encoding.`,
    {
      hint: 'Set the option "encoding". A file with a NUL next to every letter is "utf-16le" or "utf-16be".',
    },
  );
}
