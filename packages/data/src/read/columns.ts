import { LeaError, nearest } from '@lea/core';
import { trimmed } from '../trimmed.ts';

/** A column's name as the header has it, without the type that RecBole adds (`item_id:token`). */
export function columnName(cell: string): string {
  return trimmed(cell).replace(/:(token|float)(_seq)?$/i, '');
}

/**
 * Where a column is: the one of exactly this name, else the one whose name differs in case only.
 *
 * @param where names the header in errors
 * @throws LeaError `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`
 */
export function findColumn(where: string, column: string, header: readonly string[]): number {
  const places = (same: (name: string) => boolean) => [...header.keys()].filter((at) => same(header[at]!));
  const exact = places((name) => name === column);
  const found = exact.length > 0 ? exact : places((name) => name.toLowerCase() === String(column).toLowerCase());
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw missingColumn(where, column, header);
  throw new LeaError('E_COLUMN_DUPLICATE', `${where}: ${found.length} columns of this name.`, {
    value: column,
    hint: `They are columns ${found.map((at) => at + 1).join(' and ')}: rename one, or name another column.`,
  });
}

function missingColumn(where: string, column: string, header: readonly string[]): LeaError {
  const names = header.slice(0, 1000).map((name) => name.slice(0, 60));
  const near = nearest(String(column), names);
  const other = header.length === 1 ? /[,;|\t]|::/.exec(header[0]!)?.[0] : undefined;
  const more = header.length > 20 ? `, and ${header.length - 20} more` : '';
  return new LeaError('E_COLUMN_MISSING', `${where}: there is no such column.`, {
    value: column,
    hint: other
      ? `The option "delimiter" may have to be ${JSON.stringify(other)}: the only column is ${JSON.stringify(names[0])}.`
      : `${near ? `The nearest is "${near}". ` : ''}Columns are: ${names.slice(0, 20).join(', ')}${more}.`,
  });
}

/** What a column of events holds. */
export type Role = 'user' | 'item' | 'time' | 'kind' | 'history';

/** Names that are looked for, in lower case. */
export const candidates: Record<Role, readonly string[]> = {
  user: ['user_id', 'user'],
  item: ['item_id', 'item'],
  time: ['timestamp', 'time'],
  kind: ['kind'],
  history: ['item_id_list'],
};

/** What other columns of the kind are often called: lower case, letters and digits only. */
const usual: Record<Role | 'text', RegExp> = {
  user: /^(user|visitor|customer|client|member|account|reviewer|session)s?(id|no|name)?$|^uid$/,
  item: /^(item|product|sku|article|movie|track|song|artist|book|asin|parentasin|business|video|news)s?(id|no)?$|^iid$/,
  time: /time|date$|stamp|^(ts|when|createdat)$/,
  kind: /^(event|action|behaviou?r|interaction|feedback)s?(type|name|kind)?$|^(kind|type)s?$/,
  history: /(list|history|sequence|seq)$/,
  text: /(title|name|text|description)s?$|^(category|brand|genre|author|artist|tag|summary|price|year)s?$/,
};

function isUsual(role: Role | 'text', name: string): boolean {
  return usual[role].test(name.toLowerCase().replace(/[^\p{L}\d]/gu, ''));
}

/** Whether cells with these roles look like a header line rather than a row. */
export function isHeader(cells: readonly (readonly [role: Role | 'text', cell: string])[]): boolean {
  return cells.every(([role, cell]) => isUsual(role, columnName(cell)));
}

/**
 * Names the columns that look as if they held something that is not read.
 *
 * @param chosen role -> name of its column in the header
 * @param named roles whose column the caller named: they hold what is meant
 */
export function unreadColumns(
  where: string,
  header: readonly string[],
  chosen: Readonly<Partial<Record<Role, string>>>,
  named: Readonly<Partial<Record<Role, string>>>,
): string[] {
  const read = new Set(Object.values(chosen));
  const roles = (Object.keys(candidates) as Role[]).filter((role) => named[role] === undefined);
  return roles.flatMap((role) => {
    const looks = (name: string) =>
      chosen[role] === undefined ? isUsual(role, name) : candidates[role].includes(name.toLowerCase());
    return header
      .filter((name) => !read.has(name) && looks(name))
      .map(
        (name) =>
          `${where}: column ${JSON.stringify(name)} looks like the ${role} and is not read ("columns" says what is read).`,
      );
  });
}
