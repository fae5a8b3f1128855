import { LeaError } from '@lea/core';

const brackets = ['[]', '()', '{}'];
/** One quoted or bare entry of a list in brackets, with the whitespace and comma after it. */
const entry = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s,"'[\](){}]+))\s*(,|(?=\s)|$)/y;

/**
 * Parses a list in one cell: `5 3`, or a printed list such as `[5 3]`, `[5, 3]`, `["5", "3"]`.
 *
 * @param separator between the entries; by default whitespace, and in brackets also commas
 * @param where describes the cell in errors
 * @throws LeaError `E_LIST_BAD` for any other form, such as `5,3` without an explicit separator
 */
export function listOf(cell: string, separator: string | undefined, where: () => string): string[] {
  const pair = brackets.find(([open, close]) => cell.length > 1 && cell.startsWith(open!) && cell.endsWith(close!));
  const inside = (pair ? cell.slice(1, -1) : cell).trim();
  if (inside === '') return [];
  if (separator !== undefined) return parts(inside, separator).map((part) => unquoted(part.trim()));
  const list = pair ? entriesOf(inside) : inside.split(/\s+/);
  if (list && (pair || !/[,;|"'[\](){}]/.test(inside))) return list;
  throw new LeaError('E_LIST_BAD', `${where()}: the list cannot be read.`, {
    value: cell,
    hint: 'Separate the entries by spaces, or set the option "separator".',
  });
}

function entriesOf(inside: string): string[] | undefined {
  const list: string[] = [];
  entry.lastIndex = 0;
  while (entry.lastIndex < inside.length) {
    const match = entry.exec(inside);
    if (!match) return undefined;
    const [, double, single, bare] = match;
    list.push(double === undefined ? (bare ?? single!.replace(/\\(['\\])/g, '$1')) : unescaped(double));
  }
  return list;
}

/** The content of double quotes, parsed as a JSON string if possible. */
function unescaped(inside: string): string {
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    return inside;
  }
}

/** Allows a trailing separator, and repeated whitespace. */
function parts(inside: string, separator: string): string[] {
  const list = inside.split(separator);
  if (separator.trim() === '') return list.filter((part) => part !== '');
  return list.at(-1)!.trim() === '' ? list.slice(0, -1) : list;
}

function unquoted(part: string): string {
  return /^(["']).*\1$/s.test(part) ? part.slice(1, -1) : part;
}
