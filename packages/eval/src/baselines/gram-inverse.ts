import { checkRanges, LeaError } from '@lea/core';
import type { Transitions } from '@lea/data';
import { checkTransitions } from '@lea/data';
import { symmetricMatrix } from '../linear/symmetric-inverse.ts';
import { cachedRows } from '../row-cache.ts';
import { type UserItems, userItems } from './user-items.ts';

/** P = (X^T X + lambda I)^-1 for the binary matrix X `[users, items]` of the train set. */
export interface GramInverse {
  /** Number of items. */
  readonly items: number;
  /** [items] diagonal of P */
  readonly diagonal: Float64Array;
  /** Adds the sum of `weights[j]` times row `rows[j]` of P to `target[start + item]`. */
  addRows(rows: ArrayLike<number>, weights: ArrayLike<number>, target: Float64Array, start: number): void;
}

export const LAMBDA = 100;

/** Maximum number of rows of the system: a matrix of 1 GB. */
const LARGEST = 16_000;

/**
 * Computes P from the smaller of two systems: that of the items with train users, or that of the users. With
 * K = X X^T + lambda I,
 *
 *     P = (I - X^T K^-1 X) / lambda        (Woodbury)
 *
 * 12,000 items of 1,000 users take less than a second, and 4,000 items of more users a few seconds. Needs 4 bytes times the
 * square of the smaller number. Single precision suffices because lambda bounds the condition number.
 *
 * @param lambda above 0; default: 100
 * @throws LeaError `E_OPTION_VALUE`, `E_SYSTEM_SIZE` (over 16,000 users and items), `E_SINGULAR` (lambda is too small)
 */
export function gramInverse(train: Transitions, lambda: number = LAMBDA): GramInverse {
  checkTransitions('gramInverse', { train });
  checkRanges('gramInverse', { lambda }, { lambda: [Number.MIN_VALUE, Number.MAX_VALUE] });
  const log = userItems(train);
  const known = Int32Array.from({ length: log.items }, (_, x) => x).filter((x) => log.byItem[x + 1]! > log.byItem[x]!);
  const size = Math.min(log.users, known.length);
  if (size > LARGEST) {
    throw new LeaError('E_SYSTEM_SIZE', `The linear system of ${size} rows is too large.`, {
      value: { users: log.users, items: known.length },
      hint: `Use at most ${LARGEST} users, or at most ${LARGEST} items with train events.`,
    });
  }
  return log.users < known.length ? fromUsers(log, lambda) : fromItems(log, known, lambda);
}

/** Solves the system of items. Items without users are independent, with 1 / lambda on the diagonal. */
function fromItems({ items, users, byUser, item }: UserItems, known: Int32Array, lambda: number): GramInverse {
  const matrix = symmetricMatrix(known.length);
  const { values, stride } = matrix;
  const index = new Int32Array(items).fill(-1);
  for (const [i, x] of known.entries()) {
    index[x] = i;
    values[i * stride + i] = lambda;
  }
  for (let u = 0; u < users; u++) {
    const own = item.subarray(byUser[u]!, byUser[u + 1]!).map((x) => index[x]!);
    for (const i of own) for (const j of own) values[i * stride + j]! += 1;
  }
  matrix.invert();
  const diagonal = new Float64Array(items).fill(1 / lambda);
  for (const [i, x] of known.entries()) diagonal[x] = values[i * stride + i]!;
  return {
    items,
    diagonal,
    addRows(rows, weights, target, start): void {
      for (let j = 0; j < rows.length; j++) {
        const i = index[rows[j]!]!;
        const weight = weights[j]!;
        if (i < 0) target[start + rows[j]!]! += weight / lambda;
        else for (let k = 0; k < known.length; k++) target[start + known[k]!]! += weight * values[i * stride + k]!;
      }
    },
  };
}

/** Solves the system of users. */
function fromUsers(log: UserItems, lambda: number): GramInverse {
  const { users, items, byUser, item, byItem, user } = log;
  const matrix = symmetricMatrix(users);
  const { values, stride } = matrix;
  for (let u = 0; u < users; u++) values[u * stride + u] = lambda;
  for (let x = 0; x < items; x++) {
    const own = user.subarray(byItem[x]!, byItem[x + 1]!);
    for (const u of own) for (const v of own) values[u * stride + v]! += 1;
  }
  matrix.invert();
  /** K^-1 x for the column x of an item. */
  const solved = (x: number): Float32Array => {
    const sum = new Float32Array(users);
    for (const u of user.subarray(byItem[x]!, byItem[x + 1]!)) {
      for (let v = 0; v < users; v++) sum[v]! += values[u * stride + v]!;
    }
    return sum;
  };
  const diagonal = Float64Array.from({ length: items }, (_, x) => {
    const own = user.subarray(byItem[x]!, byItem[x + 1]!);
    let sum = 0;
    for (const u of own) for (const v of own) sum += values[u * stride + v]!;
    return (1 - sum) / lambda;
  });
  const cached = cachedRows(users, solved);
  return {
    items,
    diagonal,
    addRows(rows, weights, target, start): void {
      const sum = new Float64Array(users);
      for (let j = 0; j < rows.length; j++) {
        const weight = weights[j]! / lambda;
        const own = cached(rows[j]!);
        target[start + rows[j]!]! += weight;
        for (let v = 0; v < users; v++) sum[v]! += weight * own[v]!;
      }
      for (let v = 0; v < users; v++) {
        for (let entry = byUser[v]!; entry < byUser[v + 1]!; entry++) target[start + item[entry]!]! -= sum[v]!;
      }
    },
  };
}
