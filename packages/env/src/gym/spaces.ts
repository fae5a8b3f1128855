import { fold, integers, type Key } from '@lea/core';
import { isItemList } from '@lea/data';

/** Space of real arrays. */
export interface Box {
  /** Kind of space. */
  readonly type: 'box';
  /** Shape of the array. */
  readonly shape: readonly number[];
  /** Minimum of all entries; null: no bound. */
  readonly low: number | null;
  /** Maximum of all entries; null: no bound. */
  readonly high: number | null;
  /** Data type. */
  readonly dtype: 'float32';
}

/** Space of integers in 0..n-1. */
export interface Discrete {
  /** Kind of space. */
  readonly type: 'discrete';
  /** Number of elements. */
  readonly n: number;
}

/** Space of integer vectors whose i-th entry is in 0..nvec[i]-1. */
export interface MultiDiscrete {
  /** Kind of space. */
  readonly type: 'multi-discrete';
  /** Number of values of each entry. */
  readonly nvec: readonly number[];
}

/** Space of observations or actions, as plain JSON. Gymnasium has spaces with the same names. */
export type Space = Box | Discrete | MultiDiscrete;

/** An element of a space: an integer for Discrete, an array otherwise. */
export type Point = number | ArrayLike<number>;

/** The reason why a value is not in a space; undefined if it is. */
export function outside(space: Space, value: unknown): string | undefined {
  if (space.type === 'discrete') {
    return isBelow(value, space.n) ? undefined : `expected a whole number in 0..${space.n - 1}`;
  }
  const size = sizeOf(space);
  if (!isItemList(value) || value.length !== size) return `expected an array of ${size} numbers`;
  for (let i = 0; i < size; i++) {
    const x: unknown = value[i];
    if (space.type === 'multi-discrete') {
      if (!isBelow(x, space.nvec[i]!)) return `entry ${i} must be a whole number in 0..${space.nvec[i]! - 1}`;
    } else if (typeof x !== 'number' || !Number.isFinite(x)) return `entry ${i} must be a finite number`;
    else if (space.low !== null && x < space.low) return `entry ${i} must be at least ${space.low}`;
    else if (space.high !== null && x > space.high) return `entry ${i} must be at most ${space.high}`;
  }
  return undefined;
}

/** Number of entries in an element of a space. */
export function sizeOf(space: Space): number {
  if (space.type === 'discrete') return 1;
  return space.type === 'box' ? space.shape.reduce((a, b) => a * b, 1) : space.nvec.length;
}

/** A uniformly random element. */
export function sample(space: Discrete | MultiDiscrete, key: Key): number | number[] {
  if (space.type === 'discrete') return integers(key, 1, space.n)[0]!;
  return space.nvec.map((n, i) => integers(fold(key, i), 1, n)[0]!);
}

function isBelow(value: unknown, n: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < n;
}
