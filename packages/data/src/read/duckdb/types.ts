import type { Database } from './database.ts';
import type { Part } from './part.ts';

/** The names and types of the columns of what follows FROM. */
export async function columnsOf(db: Database, from: string): Promise<Part['columns']> {
  const [names = [], types = []] = await db.columns(`describe select * from ${from}`);
  return names.map((name, at) => ({ name: String(name), type: String(types[at]) }));
}

/** The type of the elements of a list; undefined for other types. */
export function elementType(type: string): string | undefined {
  return /^(.*)\[\d*\]$/s.exec(type)?.[1];
}

/** Types that DuckDB guesses from the texts of JSON, alone or in lists. */
const guessed = /^(DATE|TIME|TIMESTAMP[^[]*|UUID)((\[\])*)$/;

/** The type of a column of JSON as it is written: what only looks like a date or a UUID is a text, as an id needs it. */
export function writtenType(type: string): string {
  return type.replace(guessed, 'VARCHAR$2');
}

/**
 * Whether all values of a type are the same in another, as times and rewards, or as ids. Integers and doubles fit: the ids that
 * doubles round are refused, and times and rewards become doubles.
 */
export function keeps(from: string, to: string, ids: boolean): boolean {
  if (from === to) return true;
  const elements = [elementType(from), elementType(to)];
  if (elements[0] !== undefined && elements[1] !== undefined) return keeps(elements[0], elements[1], ids);
  if (/^TIMESTAMP(_NS)?$/.test(to)) return /^(DATE|TIMESTAMP(_S|_MS)?)$/.test(from);
  const source = digitsOf(from);
  // The float next to .1 is another double than .1.
  if (!source) return from === 'FLOAT' && to === 'DOUBLE' && !ids;
  const { whole, fraction } = source;
  if (to === 'VARCHAR') return integer.test(from);
  if (to === 'DOUBLE') return integer.test(from) || whole + fraction <= 15;
  if (to === 'FLOAT') return integer.test(from) && whole <= 5;
  const target = digitsOf(to);
  return target !== undefined && whole <= target.whole && fraction <= target.fraction;
}

const integer = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;
const digits: Readonly<Record<string, number>> = { TINYINT: 3, SMALLINT: 5, INTEGER: 10, BIGINT: 19, HUGEINT: 39 };

/** The most decimal digits before and after the point; undefined for types that are no exact numbers. */
function digitsOf(type: string): { whole: number; fraction: number } | undefined {
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) return { whole: +precision - +scale!, fraction: +scale! };
  if (!integer.test(type)) return undefined;
  return { whole: type === 'UBIGINT' ? 20 : digits[type.replace(/^U/, '')]!, fraction: 0 };
}
