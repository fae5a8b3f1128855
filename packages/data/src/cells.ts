import { LeaError } from '@lea/core';
import { trimmed } from './trimmed.ts';

/** What an id or a kind may be given as: a text, or a number that is exact. */
export type Cell = string | number | bigint;

/** What counts as a missing value besides an empty cell, unless the option `missing` says otherwise. */
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

export interface CellOptions {
  /**
   * Words that stand for a missing value, whatever their case. Default: NULL, (null), NaN, NaT, None, NA, N/A, #N/A, <NA>, undefined,
   * \N. `[]` takes them for ids.
   */
  missing?: readonly string[];
  /** Whether blanks and invisible characters around ids, kinds and texts are dropped. Default: true. */
  trim?: boolean;
}

/**
 * Whether a text is empty or one of the words for a missing value.
 *
 * @throws LeaError `E_OPTION_VALUE`
 */
export function missingTest(words: readonly string[] = missingWords): (text: string) => boolean {
  if (!Array.isArray(words) || words.some((word) => typeof word !== 'string')) {
    throw new LeaError('E_OPTION_VALUE', 'The option "missing" is a list of words.', { value: words });
  }
  const known = new Set(words.map((word) => trimmed(word).toLowerCase()));
  return (text) => {
    const bare = trimmed(text);
    return bare === '' || known.has(bare.toLowerCase());
  };
}

/**
 * The text of cells that hold ids or kinds: each distinct cell is looked at once.
 *
 * @param where names a row (and the column) in errors
 * @throws LeaError `E_CELL_MISSING`, `E_CELL_BAD` (an object, a list, a number beyond 2^53, control characters)
 */
export function textsOf(cells: ArrayLike<unknown>, options: CellOptions, where: (row: number) => string): string[] {
  const isMissing = missingTest(options.missing);
  const known = new Map<unknown, string>();
  return Array.from(cells, (cell, row) => {
    let text = known.get(cell);
    if (text === undefined) {
      text = textOf(cell, isMissing, row, where);
      if (options.trim ?? true) text = trimmed(text);
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
      `${where(row)}: ${word ? 'this stands for a missing value' : 'the cell is empty'}.`,
      {
        value: cell,
        hint: word
          ? 'Drop the row; if the word is an id, give the option "missing" without it.'
          : 'Fill it in or drop the row.',
      },
    );
  }
  if (isText && !control.test(trimmed(cell))) return cell;
  if (typeof cell === 'bigint') return String(cell);
  if (typeof cell === 'number' && Math.abs(cell) <= Number.MAX_SAFE_INTEGER) return String(cell);
  throw new LeaError(
    'E_CELL_BAD',
    `${where(row)}: expected a text without line ends or tabs, or a number up to 2^53.`,
    {
      value: cell,
      hint: isText
        ? 'A quote that never closes and a wrong delimiter do this.'
        : 'Give ids as texts; larger numbers as texts or bigints, before they are rounded.',
    },
  );
}

const control = /\p{Cc}/u;
