import type { DuckDBVector } from '@duckdb/node-api';
import { checkedReward, REWARD_BOUND } from '../../logged-rewards.ts';
import { checkedTime, type FirstTime } from '../../times.ts';
import type { Database } from './database.ts';
import { leftSql, numberSql, timeSql } from './sql.ts';
import { located, type Staged } from './stage.ts';

/** The columns of all events in input order. */
export interface EventCodes {
  /** [events] index into the distinct cells */
  user: Int32Array;
  item: Int32Array;
  kind: Int32Array | undefined;
  time: Float64Array;
  reward: Float64Array | undefined;
  /** [events] row of the source */
  row: Int32Array;
}

/** Rows between two reports of progress. */
const REPORT = 100_000;

/**
 * Reads the codes of users, items and kinds, the times and the rewards, and yields the number of events so far.
 *
 * @throws LeaError `E_TIME_BAD`, `E_TIME_MIXED`, `E_REWARD_BAD`
 */
export async function* eventCodes(db: Database, staged: Staged): AsyncGenerator<number, EventCodes, undefined> {
  const first = await firstTime(db, staged);
  const { type } = staged;
  const hasKind = type.kind !== undefined;
  const clock = type.time === undefined ? undefined : timeSql('rows.time', type.time, first?.form);
  const user = new Int32Array(staged.count).fill(-1);
  const item = new Int32Array(staged.count);
  const kind = hasKind ? new Int32Array(staged.count) : undefined;
  const time = new Float64Array(staged.count);
  const gain = type.reward === undefined ? undefined : numberSql('rows.reward', type.reward, REWARD_BOUND);
  const reward = gain === undefined ? undefined : new Float64Array(staged.count);
  const roles = ['user', 'item', ...(hasKind ? ['kind'] : [])];
  const codes = roles.map((role) => `${role}_cells.rowid::int`);
  // A missing kind is null, and "kinds" may name it.
  const joins = roles.map((role) => {
    const equals = role === 'kind' ? 'is not distinct from' : '=';
    return `join ${role}_cells on rows."${role}" ${equals} ${role}_cells.cell`;
  });
  // A column without nulls is read faster.
  const numbers = [clock ?? '0::double', ...(gain === undefined ? [] : [gain])];
  const filled = numbers.map((sql) => `coalesce(${sql}, 'nan'::double)`);
  const select = `select rows.rowid::int, ${[...filled, ...codes].join(', ')} from rows ${joins.join(' ')}`;
  let [done, told] = [0, 0];
  for await (const chunk of db.chunks(select)) {
    const rows = chunk.getColumnVector(0) as DuckDBVector<number>;
    const into = [time, ...(reward ? [reward] : []), user, item, ...(kind ? [kind] : [])];
    for (const [at, column] of into.entries())
      copy(rows, chunk.getColumnVector(at + 1) as DuckDBVector<number>, column);
    done += chunk.rowCount;
    if (done < told + REPORT) continue;
    told = done;
    yield done;
  }
  if (first) await readLeft(db, staged, 'time', clock!, time, (...cell) => checkedTime(...cell, first).time);
  if (reward) await readLeft(db, staged, 'reward', gain!, reward, checkedReward);
  const all = new Int32Array(staged.count);
  for (let row = 0; row < all.length; row++) all[row] = row;
  const row = done < staged.count ? all.filter((row) => user[row]! >= 0) : all;
  const kept = <T extends Int32Array | Float64Array>(column: T): T =>
    row === all ? column : (column.filter((_, at) => user[at]! >= 0) as T);
  return {
    user: kept(user),
    item: kept(item),
    kind: kind && kept(kind),
    time: first ? kept(time) : Float64Array.from(row, (_, event) => event),
    reward: reward && kept(reward),
    row,
  };
}

function copy(rows: DuckDBVector<number>, from: DuckDBVector<number>, to: Int32Array | Float64Array): void {
  for (let at = 0; at < rows.itemCount; at++) to[rows.getItem(at)!] = from.getItem(at)!;
}

/** The form of the times, which the first one decides. */
async function firstTime(db: Database, staged: Staged): Promise<FirstTime | undefined> {
  const { type } = staged;
  if (type.time === undefined) return undefined;
  const [rows, cells] = await db.columns(
    `select rowid::int, ${leftSql('rows.time', type.time)} from rows order by rowid limit 1`,
  );
  const row = rows![0] as number;
  const { form } = await located(staged, (where) =>
    checkedTime(staged.read(cells![0]), row, (at) => where(at, 'time')),
  );
  return { form, row };
}

/** Reads the times or rewards that DuckDB left. */
async function readLeft(
  db: Database,
  staged: Staged,
  role: 'time' | 'reward',
  sql: string,
  into: Float64Array,
  read: (cell: unknown, row: number, where: (row: number) => string) => number,
): Promise<void> {
  if (!into.includes(Number.NaN)) return;
  const left = leftSql(`rows.${role}`, staged.type[role]!);
  const select = `select rowid::int, ${left} from rows where (${sql}) is null order by rowid`;
  for await (const chunk of db.chunks(select)) {
    const [rows, cells] = chunk.getColumns() as [number[], unknown[]];
    await located(staged, (where) => {
      for (const [at, row] of rows.entries()) {
        into[row] = read(staged.read(cells[at]), row, (at) => where(at, role));
      }
    });
  }
}
