import type { Form } from '../../times.ts';
import { elementType } from './types.ts';

/** Numbers that a double represents, or nearly. */
const number = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const timestamp = /^(DATE|TIMESTAMP.*)$/;

/**
 * Ids or kinds of a column: texts, or doubles for columns of floats, so that 7.0 is the id 7 as everywhere else, and texts of
 * JSON. Undefined for types that are no ids: truth values, dates, lists.
 *
 * @param type DuckDB's name of the column's type
 */
export function idSql(column: string, type: string): string | undefined {
  if (type === 'DOUBLE') return column;
  // Straight to a double, .1 would become .10000000149.
  if (type === 'FLOAT') return `${column}::varchar::double`;
  if (/^DECIMAL\(\d+,0\)$/.test(type)) return `${column}::varchar`;
  if (/^DECIMAL/.test(type)) return `rtrim(rtrim(${column}::varchar, '0'), '.')`;
  return number.test(type) || /^(VARCHAR|JSON|UUID|ENUM\(.*\))$/s.test(type) ? `${column}::varchar` : undefined;
}

/** Histories of a column: lists of ids, or texts with lists or JSON. Undefined for types that hold no ids. */
export function historySql(column: string, type: string): string | undefined {
  const of = elementType(type);
  if (of === undefined) return idSql(column, type);
  const id = idSql('id', of);
  return id && `list_transform(${column}, lambda id: ${id})`;
}

/**
 * The time of a cell as a double; null for cells that are left to `checkedTime`, which gives the same for all others.
 *
 * @param form of the column, if its cells are texts
 */
export function timeSql(column: string, type: string, form: Form | undefined): string {
  if (number.test(type)) return numberSql(column, type);
  if (type === 'TIMESTAMP_NS') return milliseconds(`epoch_ns(${column})`, 1_000_000_000);
  if (timestamp.test(type)) return milliseconds(`epoch_us(${column})`, 1_000_000);
  if (type !== 'VARCHAR') return 'null::double';
  if (form === 'a number') return numberSql(column, type);
  const zoned = form === 'an ISO date with a time zone';
  const cast = `try_cast(${column} as ${zoned ? 'timestamptz' : 'timestamp'})`;
  return `case when regexp_full_match(${column}, '${zoned ? instant : dateTime}') then ${milliseconds(`epoch_us(${cast})`, 1_000_000)} end`;
}

/**
 * The finite number of a cell as a double; null for other cells, and for texts that DuckDB does not read as we do.
 *
 * @param bound numbers are between it and its negative. Default: all finite numbers
 */
export function numberSql(column: string, type: string, bound?: number): string {
  if (number.test(type)) return finite(`${column}::double`, bound);
  if (type !== 'VARCHAR') return 'null::double';
  // DuckDB also reads 1_000 and +-5.
  return `case when not contains(${column}, '_') and not contains(${column}, '+-') then ${finite(`try_cast(${column} as double)`, bound)} end`;
}

const day = String.raw`\d{4}-\d\d-\d\d`;
const clock = String.raw`[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?`;
const dateTime = `${day}(${clock})?`;
const instant = String.raw`${day}${clock}(Z|[+-]([01]\d|2[0-3]):[0-5]\d)`;

function finite(value: string, bound?: number): string {
  const inside = bound === undefined ? `isfinite(${value})` : `abs(${value}) < ${bound}::double`;
  return `case when ${inside} then ${value} end`;
}

/** Milliseconds of a count of smaller units since 1970, with the roundings of `checkedTime`: whole seconds, and a fraction. */
function milliseconds(count: string, second: number): string {
  const fraction = `((${count} % ${second} + ${second}) % ${second})`;
  return `(((${count} - ${fraction}) // ${second}) * 1000)::double + ${fraction}::double / ${second}::double * 1000`;
}

/** How a cell that `timeSql` or `numberSql` leaves is shown: numbers as numbers, everything else as a text. */
export function leftSql(column: string, type: string): string {
  if (type === 'JSON') return `${column} ->> '$'`;
  return number.test(type) ? `${column}::double` : `${column}::varchar`;
}
