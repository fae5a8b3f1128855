import type { Transitions } from '@lea/data';
import type { Counted } from './counts.ts';

type Row = Map<number, number>;

/** The contribution of one user's events to the counts. */
export interface OwnEvents {
  readonly chosen: ReadonlyMap<number, number>;
  /** Number of rows of the user. */
  readonly total: number;
  /** By component: the user's part of the row of each x. */
  readonly pairs: Readonly<Record<Counted, ReadonlyMap<number, ReadonlyMap<number, number>>>>;
  readonly sums: Readonly<Record<Counted, ReadonlyMap<number, number>>>;
}

/**
 * The contribution of the rows `[from, to)`, which are all rows of one user, to the counts.
 *
 * @param horizon the horizon of the counts
 */
export function ownEvents(train: Transitions, from: number, to: number, horizon: number): OwnEvents {
  const { items, offsets } = train.sequences;
  const chosen = new Map<number, number>();
  const pairs = { forward: new Map<number, Row>(), backward: new Map<number, Row>(), direct: new Map<number, Row>() };
  const sums = { forward: new Map(), backward: new Map(), direct: new Map() };
  const count = (component: Counted, x: number, y: number, weight: number) => {
    const row = pairs[component].get(x) ?? new Map<number, number>();
    pairs[component].set(x, row);
    add(row, y, weight);
    add(sums[component], x, weight);
  };
  for (let row = from; row < to; row++) {
    const at = train.event[row]!;
    const y = items[at]!;
    add(chosen, y, 1);
    const reach = Math.min(horizon, at - offsets[train.sequence[row]!]!);
    for (let distance = 1; distance <= reach; distance++) {
      const x = items[at - distance]!;
      count('forward', x, y, 1 / distance);
      count('backward', y, x, 1 / distance);
      if (distance === 1) count('direct', x, y, 1);
    }
  }
  return { chosen, total: to - from, pairs, sums };
}

/** The range `[from, to)` of the rows of each user, in order. */
export function usersOf({ sequence, count }: Transitions): [from: number, to: number][] {
  const users: [number, number][] = [];
  for (let from = 0, to = 0; from < count; from = to) {
    to = from + 1;
    while (to < count && sequence[to] === sequence[from]) to++;
    users.push([from, to]);
  }
  return users;
}

function add(to: Map<number, number>, key: number, value: number): void {
  to.set(key, (to.get(key) ?? 0) + value);
}
