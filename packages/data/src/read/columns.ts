import { LeaError, nearest } from '@lea/core';
import { trimmed } from '../trimmed.ts';

/** A column's name from the header, without the type that RecBole adds (`item_id:token`). */
export function columnName(cell: string): string {
  return trimmed(cell).replace(/:(token|float)(_seq)?$/i, '');
}

/**
 * The position of a column: an exact match of the name, otherwise a case-insensitive match.
 *
 * @param where describes the header in errors
 * @param option names the column
 * @throws LeaError `E_COLUMN_MISSING`, `E_COLUMN_DUPLICATE`
 */
export function findColumn(
  where: string,
  column: string,
  header: readonly string[],
  option: 'columns' | 'id' = 'columns',
): number {
  const places = (same: (name: string) => boolean) => [...header.keys()].filter((at) => same(header[at]!));
  const exact = places((name) => name === column);
  const found = exact.length > 0 ? exact : places((name) => name.toLowerCase() === String(column).toLowerCase());
  if (found.length === 1) return found[0]!;
  if (found.length === 0) throw missingColumn(where, column, header, option);
  throw new LeaError('E_COLUMN_DUPLICATE', `${where}: ${found.length} columns have this name.`, {
    value: column,
    hint: `They are columns ${found.map((at) => at + 1).join(' and ')}. Rename one, or choose another column.`,
  });
}

function missingColumn(where: string, column: string, header: readonly string[], option: 'columns' | 'id'): LeaError {
  const names = header.slice(0, 1000).map((name) => name.slice(0, 60));
  const near = nearest(String(column), names);
  if (/^[[{]/.test(header[0] ?? '')) {
    return new LeaError('E_COLUMN_MISSING', `${where}: the column does not exist, and the file looks like JSON.`, {
      value: column,
      hint: 'readInteractions reads JSON from files whose names end with .json, .jsonl or .ndjson.',
    });
  }
  const other = header.length === 1 ? /[,;|\t]|::/.exec(header[0]!)?.[0] : undefined;
  const more = header.length > 20 ? `, and ${header.length - 20} more` : '';
  return new LeaError('E_COLUMN_MISSING', `${where}: the column does not exist.`, {
    value: column,
    hint: other
      ? `Try the option "delimiter": ${JSON.stringify(other)}; the only column is ${JSON.stringify(names[0])}.`
      : `${near ? `Did you mean "${near}"? ` : ''}The columns are: ${names.slice(0, 20).join(', ')}${more}.${wayToName(column, names, option)}`,
  });
}

/** How to name a column, where the one that is missing was not named but is the usual one. */
function wayToName(column: string, header: readonly string[], option: 'columns' | 'id'): string {
  const role = (Object.keys(candidates) as Role[]).find((role) => candidates[role][0] === column);
  if (role === undefined) return '';
  const yours = JSON.stringify(header.find((name) => isUsual(role, name)) ?? '...');
  return ` Name yours: ${option === 'id' ? `id: ${yours}` : `columns: { ${role}: ${yours} }`}.`;
}

/** The meaning of a column of events. */
export type Role = 'user' | 'item' | 'time' | 'kind' | 'reward' | 'history';

/** Column names that are recognized by default, in lower case. */
export const candidates: Record<Role, readonly string[]> = {
  user: ['user_id', 'user'],
  item: ['item_id', 'item'],
  time: ['timestamp', 'time'],
  kind: ['kind'],
  // Rewards are read only if the caller names their column: most logs have ratings or prices that are no rewards.
  reward: [],
  history: ['item_id_list'],
};

/** Other common names of such columns: lower case, letters and digits only. */
const usual: Record<Role | 'text', RegExp> = {
  user: /^(user|visitor|customer|client|member|account|reviewer|session)s?(id|no|name)?$|^uid$/,
  item: /^(item|product|sku|article|movie|track|song|artist|book|asin|parentasin|business|video|news)s?(id|no)?$|^iid$/,
  time: /time|date$|stamp|^(ts|when|createdat|at)$/,
  kind: /^(event|action|behaviou?r|interaction|feedback)s?(type|name|kind)?$|^(kind|type)s?$/,
  reward: /^rewards?$/,
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
 * Warnings about unread columns whose names suggest one of the roles.
 *
 * @param chosen role -> name of its column in the header
 * @param named roles whose column the caller named or left out explicitly; they need no warning
 */
export function unreadColumns(
  where: string,
  header: readonly string[],
  chosen: Readonly<Partial<Record<Role, string>>>,
  named: Readonly<Partial<Record<Role, string | null>>>,
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
          `${where}: column ${JSON.stringify(name)} looks like the ${role} but is not read. Set the option "columns".`,
      );
  });
}

/**
 * The columns to read: those that the caller names, otherwise the common names that the header has. A role that is `null` has
 * none.
 *
 * @param withKinds whether the kind is needed, as user and item are
 * @returns role -> name, which is checked against the header later
 */
export function chooseColumns(
  header: readonly string[],
  named: Readonly<Partial<Record<Role, string | null>>>,
  withKinds: boolean,
): Partial<Record<Role, string>> {
  const names = new Set(header.map((name) => name.toLowerCase()));
  const chosen: Partial<Record<Role, string>> = {};
  for (const [role, guesses] of Object.entries(candidates) as [Role, readonly string[]][]) {
    if (named[role] === null) continue;
    const required = role === 'user' || role === 'item' || (role === 'kind' && withKinds);
    const column = named[role] ?? guesses.find((guess) => names.has(guess)) ?? (required ? guesses[0] : undefined);
    if (column !== undefined) chosen[role] = column;
  }
  return chosen;
}
