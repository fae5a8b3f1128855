import { fold, integers, type Key } from '@lea/core';
import { isItemList } from '@lea/data';

/** Real vectors. */
export interface Box {
  readonly type: 'box';
  readonly shape: readonly number[];
  /** Least and greatest value of every entry; null: no bound. */
  readonly low: number | null;
  readonly high: number | null;
  readonly dtype: 'float32';
}

/** A whole number in 0..n-1. */
export interface Discrete {
  readonly type: 'discrete';
  readonly n: number;
}

/** Whole numbers, the i-th in 0..nvec[i]-1. */
export interface MultiDiscrete {
  readonly type: 'multi-discrete';
  readonly nvec: readonly number[];
}

/** What observations and actions may be, as plain JSON; Gymnasium has spaces of the same names. */
export type Space = Box | Discrete | MultiDiscrete;

/** An element of a space: a whole number of Discrete, a list otherwise. */
export type Point = number | ArrayLike<number>;

/** Whether a value lies in a space; if not, why. */
export function outside(space: Space, value: unknown): string | undefined {
  if (space.type === 'discrete') {
    return isBelow(value, space.n) ? undefined : `a whole number in 0..${space.n - 1} is expected`;
  }
  const size = sizeOf(space);
  if (!isItemList(value) || value.length !== size) return `a list of ${size} numbers is expected`;
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

/** Numbers in an element of a space. */
export function sizeOf(space: Space): number {
  if (space.type === 'discrete') return 1;
  return space.type === 'box' ? space.shape.reduce((a, b) => a * b, 1) : space.nvec.length;
}

/** A uniformly drawn element. */
export function sample(space: Discrete | MultiDiscrete, key: Key): number | number[] {
  if (space.type === 'discrete') return integers(key, 1, space.n)[0]!;
  return space.nvec.map((n, i) => integers(fold(key, i), 1, n)[0]!);
}

function isBelow(value: unknown, n: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < n;
}
