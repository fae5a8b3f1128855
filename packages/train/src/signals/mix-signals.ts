import { LeaError } from '@lea/core';
import type { Signals } from './options.ts';

/**
 * Combines the signals of several teachers for the same rows. All soft targets are kept side by side, and their weights are
 * scaled by the teachers' shares. `reward` is the mean of the teachers by their shares. `targetRewards` stay as they are, because
 * each is the reward of one action, and actions are drawn by their weights.
 *
 * @param shares one per teacher, scaled to sum to 1; equal by default
 * @throws LeaError `E_SIGNALS_VALUE` (no teachers, invalid shares, a part that only some teachers provide, states of more than
 *   one teacher), `E_SIGNALS_ROWS`
 */
export function mixSignals(teachers: readonly Signals[], shares: readonly number[] = teachers.map(() => 1)): Signals {
  const given = shares.length === teachers.length && shares.every((share) => Number.isFinite(share) && share >= 0);
  const total = given ? shares.reduce((sum, share) => sum + share, 0) : Number.NaN;
  if (!(Number.isFinite(total) && total > 0)) {
    throw new LeaError(
      'E_SIGNALS_VALUE',
      'mixSignals: expected one or more signals, and for each a share of at least 0, not all of them 0.',
      {
        value: shares,
        hint: 'Omit shares to mix in equal parts.',
      },
    );
  }
  const share = shares.map((one) => one / total);
  const rewards = partOf(teachers, 'reward');
  const targets = partOf(teachers, 'targets');
  const weights = partOf(teachers, 'targetWeights');
  const targetRewards = partOf(teachers, 'targetRewards');
  const states = teachers.filter(({ environmentState }) => environmentState);
  if (states.length > 1) {
    throw new LeaError('E_SIGNALS_VALUE', 'mixSignals: expected environment states from at most one teacher.', {
      value: states.length,
      hint: 'Set stateForm of the other teachers to "targets".',
    });
  }
  const sizes = teachers.map(({ k }) => k ?? 0);
  const about = sameRows(teachers);
  return {
    ...(rewards && { reward: weightedSum(rewards, share) }),
    ...(targets && { targets: sideBySide(targets, sizes, Int32Array), k: sizes.reduce((sum, k) => sum + k, 0) }),
    ...(weights && {
      targetWeights: sideBySide(
        weights.map((own, i) => own.map((weight) => weight * share[i]!)),
        sizes,
        Float32Array,
      ),
    }),
    ...(targetRewards && { targetRewards: sideBySide(targetRewards, sizes, Float32Array) }),
    ...(states[0] && { environmentState: states[0].environmentState!, stateSize: states[0].stateSize! }),
    ...(about !== undefined && { rowsHash: about }),
  };
}

/** The rows that the teachers are about, as far as they say so. */
function sameRows(teachers: readonly Signals[]): string | undefined {
  const known = teachers.flatMap(({ rowsHash }) => rowsHash ?? []);
  if (known.some((hash) => hash !== known[0])) throw otherRows(known);
  return known[0];
}

type Part = 'reward' | 'targets' | 'targetWeights' | 'targetRewards';

/** A part that all teachers provide; undefined when none does. */
function partOf<P extends Part>(teachers: readonly Signals[], part: P): NonNullable<Signals[P]>[] | undefined {
  const all = teachers.flatMap((teacher) => (teacher[part] ? [teacher[part]] : []));
  if (all.length === 0) return undefined;
  if (all.length === teachers.length) return all as NonNullable<Signals[P]>[];
  throw new LeaError('E_SIGNALS_VALUE', `mixSignals: expected ${part} from all teachers or from none.`, {
    value: all.length,
    hint: 'Create the signals of all teachers with the same `use` and `rewards`.',
  });
}

function weightedSum(values: readonly Float32Array[], share: readonly number[]): Float32Array {
  checkRows(values.map(({ length }) => length));
  return values[0]!.map((_, row) => values.reduce((sum, own, i) => sum + share[i]! * own[row]!, 0));
}

/** The rows of several tables next to each other: [R * sum of sizes]. */
function sideBySide<T extends Float32Array | Int32Array>(
  tables: readonly T[],
  sizes: readonly number[],
  make: new (length: number) => T,
): T {
  const rows = tables.map(({ length }, i) => length / sizes[i]!);
  checkRows(rows);
  const width = sizes.reduce((sum, size) => sum + size, 0);
  const all = new make(rows[0]! * width);
  let column = 0;
  for (const [i, table] of tables.entries()) {
    const size = sizes[i]!;
    for (let row = 0; row < rows[0]!; row++) {
      all.set(table.subarray(row * size, (row + 1) * size) as never, row * width + column);
    }
    column += size;
  }
  return all;
}

function checkRows(rows: readonly number[]): void {
  if (rows.every((count) => count === rows[0])) return;
  throw otherRows(rows);
}

function otherRows(value: unknown): LeaError {
  return new LeaError('E_SIGNALS_ROWS', 'mixSignals: expected signals for the same rows from all teachers.', {
    value,
    hint: 'Annotate the same train transitions with all teachers.',
  });
}
