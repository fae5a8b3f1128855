import { LeaError } from '@lea/core';

export interface RecordOptions {
  delimiter: string;
  /** One character, or `null` where quotes mean nothing. */
  quote: string | null;
  /** Characters of the largest record. */
  maxRecordSize: number;
}

/** Names a line, and a column (from 0) where one is known. */
export type Place = (line: number, column?: number) => string;

/**
 * Calls `row` with the cells of each record and the line that it begins in, from 1. Lines end in LF, CRLF or CR, which may be mixed;
 * empty lines are skipped. A quoted cell may hold delimiters, line ends (each becomes LF) and doubled quotes, as in RFC 4180.
 *
 * @throws LeaError `E_RECORD_LARGE`, `E_ENCODING_BAD` for NUL characters, and what `row` throws
 */
export async function eachRecord(
  texts: AsyncIterable<string>,
  options: RecordOptions,
  place: Place,
  row: (cells: string[], line: number) => void,
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
    for (const line of whole) lines.add(line);
  }
  if (rest !== '') lines.add(rest);
  lines.end();
}

const lineEnd = /\r\n?|\n/;

/** Makes records of lines. */
class Records {
  /** Lines so far. */
  count = 0;
  private begun = 0;
  /** Characters of the record so far. */
  private size = 0;
  private cells: string[] = [];
  /** What was read of a quoted cell that goes on in the next line, in pieces. */
  private open: string[] | undefined;
  private opened = 0;
  private readonly options: RecordOptions;
  private readonly place: Place;
  private readonly row: (cells: string[], line: number) => void;

  constructor(options: RecordOptions, place: Place, row: (cells: string[], line: number) => void) {
    this.options = options;
    this.place = place;
    this.row = row;
  }

  add(line: string): void {
    this.count++;
    if (this.open === undefined && line === '') return;
    this.checkSize(line.length, this.count);
    const { delimiter, quote } = this.options;
    if (this.open === undefined && (quote === null || !line.includes(quote))) {
      this.row(line.split(delimiter), this.count);
      return;
    }
    if (this.open === undefined) this.begun = this.count;
    this.size += line.length + 1;
    if (!this.isWhole(line, quote!)) return;
    this.row(this.cells, this.begun);
    this.cells = [];
    this.size = 0;
  }

  /** Refuses a record that so many characters of a line make too large. */
  checkSize(characters: number, line: number): void {
    const { maxRecordSize } = this.options;
    if (this.size + characters <= maxRecordSize) return;
    const where = this.place(this.open === undefined ? line : this.begun);
    throw new LeaError('E_RECORD_LARGE', `${where}: a record of more than ${maxRecordSize} characters.`, {
      hint: 'Check its line ends and quotes; the option "maxRecordSize" takes larger ones.',
    });
  }

  end(): void {
    if (this.open === undefined) return;
    throw new LeaError('E_ROW_BAD', `${this.place(this.opened, this.cells.length)}: a quote opens and never closes.`, {
      value: this.open.join('').slice(0, 60),
      hint: quoteHint,
    });
  }

  /** Adds the cells of a line; false when its last one goes on in the next line. */
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
    if (cell.includes(quote)) throw this.strayQuote('a quote inside a cell that does not begin with one', cell);
    this.cells.push(cell);
    return end;
  }

  /** Goes on with a quoted cell; -1 when the line ends inside of it. */
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
      throw this.strayQuote('text after the quote that ends a cell', cell + quote + line.slice(at, at + 60));
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
  'Put the cell in quotes and double those inside, or set the option "quote" to null where quotes mean nothing in the file.';

function nulError(where: string): LeaError {
  return new LeaError('E_ENCODING_BAD', `${where}: a NUL character, so this is no text, or of another encoding.`, {
    hint: 'Give the option "encoding": a file with a NUL beside every letter is "utf-16le" or "utf-16be".',
  });
}
