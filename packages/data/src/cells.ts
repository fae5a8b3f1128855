import { type Check, custom, flag, type Given, LeaError, type OptionsSchema, option } from '@lea/core';
import { trimmed } from './trimmed.ts';

/** The type of an id or a kind: a string, a bigint, or an integer that a number represents exactly. */
export type Cell = string | number | bigint;

/** Words that stand for a missing value, besides empty cells. Default of the option `missing`. */
export const missingWords: readonly string[] = [
  'NULL',
  '(null)',
  'NaN',
  'NaT',
  'None',
  'NA',
  'N/A',
  '#N/A',
  '<NA>',
  'undefined',
  '\\N',
];

/** How ids, kinds and texts are read from cells. */
export interface CellOptions {
  /**
   * Words that stand for a missing value, case-insensitive. Default: NULL, (null), NaN, NaT, None, NA, N/A, #N/A, <NA>,
   * undefined, \N. With `[]` they are read as ids.
   */
  readonly missing: readonly string[];
  /** Whether to remove whitespace and invisible characters around ids, kinds and texts. Default: true. */
  readonly trim: boolean;
}

/** Lists of strings: `message` says what the list must be. */
export function texts(message: string): Check<readonly string[]> {
  return custom(isTexts, message);
}

/** Lists of ids, which are texts whatever their type in the log. */
export const idTexts: Check<readonly string[]> = texts('must be a list of ids as texts: "7", not 7.');

function isTexts(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((text) => typeof text === 'string');
}

/** Defaults and checks of {@link CellOptions}. */
export const cellSchema: OptionsSchema<CellOptions> = {
  missing: option(texts('must be a list of words.'), missingWords),
  trim: option(flag, true),
};

/**
 * Whether a text is empty or one of the words for a missing value.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function missingTest(words: readonly string[] = missingWords): (text: string) => boolean {
  if (!isTexts(words)) {
    throw new LeaError('E_OPTION_VALUE', 'missing must be a list of words.', { value: words });
  }
  const known = new Set(words.map((word) => trimmed(word).toLowerCase()));
  return (text) => {
    const bare = trimmed(text);
    return bare === '' || known.has(bare.toLowerCase());
  };
}

/**
 * The check of the cells of a column of ids or kinds, which gives their texts.
 *
 * @param where describes a row (and the column) in errors
 * @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD` (an object, a list, a number above 2^53, control characters)
 */
export function checkedCells(
  { missing, trim = true }: Given<CellOptions>,
  where: (row: number) => string,
): (cell: unknown, row: number) => string {
  const isMissing = missingTest(missing);
  return (cell, row) => {
    const text = textOf(cell, isMissing, row, where);
    return trim ? trimmed(text) : text;
  };
}

/**
 * The cells as strings, for columns of ids or kinds. Each distinct cell is checked once.
 *
 * @param where describes a row (and the column) in errors
 * @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD`
 */
export function textsOf(
  cells: ArrayLike<unknown>,
  options: Given<CellOptions>,
  where: (row: number) => string,
): string[] {
  const check = checkedCells(options, where);
  const known = new Map<unknown, string>();
  return Array.from(cells, (cell, row) => {
    let text = known.get(cell);
    if (text === undefined) {
      text = check(cell, row);
      known.set(cell, text);
    }
    return text;
  });
}

function textOf(
  cell: unknown,
  isMissing: (text: string) => boolean,
  row: number,
  where: (row: number) => string,
): string {
  const isText = typeof cell === 'string';
  if (cell === null || cell === undefined || Number.isNaN(cell) || (isText && isMissing(cell))) {
    const word = isText && trimmed(cell) !== '';
    throw new LeaError(
      'E_CELL_MISSING',
      `${where(row)}: ${word ? 'this word stands for a missing value' : 'the cell is empty'}.`,
      {
        value: cell,
        hint: word
          ? 'Drop the row. If the word is an id, remove it from the option "missing".'
          : 'Fill in the cell or drop the row.',
      },
    );
  }
  if (isText && !control.test(trimmed(cell))) return cell;
  if (typeof cell === 'bigint') return String(cell);
  if (typeof cell === 'number' && Math.abs(cell) <= Number.MAX_SAFE_INTEGER) return String(cell);
  throw new LeaError(
    'E_CELL_BAD',
    `${where(row)}: expected a string without line breaks or tabs, or a number below 2^53.`,
    {
      value: cell,
      hint: isText
        ? 'Check for an unclosed quote or a wrong delimiter.'
        : 'Pass ids as strings, and larger numbers as strings or bigints before they are rounded.',
    },
  );
}

const control = /\p{Cc}/u;
