import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** Values of one kind of lists by name: one per list, or one of all lists. */
type ReferenceValues = Readonly<Record<string, number | readonly number[]>>;

/** Inputs, and their values by RecTools, ranx and SciPy: python/reference.py. */
interface Reference {
  readonly given: {
    readonly items: number;
    /** [users] items of the train events, then of the test events */
    readonly train: readonly (readonly number[])[];
    readonly test: readonly (readonly number[])[];
    readonly vectors: readonly (readonly number[])[];
    readonly lists: Readonly<Record<'user' | 'event', readonly (readonly number[])[]>>;
    readonly differences: Readonly<Record<string, readonly number[]>>;
    readonly p: readonly number[];
    readonly freedom: readonly number[];
  };
  readonly values: {
    readonly rectools: Readonly<Record<'user' | 'event', ReferenceValues>>;
    readonly ranx: Readonly<Record<'user' | 'event', ReferenceValues>>;
    readonly neither: { readonly user: ReferenceValues };
    readonly scipy: {
      readonly wilcoxon: Readonly<Record<string, { readonly statistic: number; readonly p: number }>>;
      readonly permutation: Readonly<Record<string, number>>;
      readonly t: Readonly<Record<string, { readonly p: number; readonly interval: readonly number[] }>>;
      readonly normal: readonly number[];
      readonly student: readonly (readonly number[])[];
      readonly reach: readonly (readonly number[])[];
    };
  };
}

/** Path of the committed inputs and values. */
export const referencePath: string = fileURLToPath(new URL('../fixtures/reference/metrics.json', import.meta.url));

/** The committed inputs and values. */
export const reference: Reference = JSON.parse(readFileSync(referencePath, 'utf8'));

/** Compares numbers, or lists of numbers, to 1e-9. */
export function expectEqual(given: unknown, wanted: unknown, where: string): void {
  if (typeof wanted === 'number') {
    expect(Math.abs((given as number) - wanted), where).toBeLessThanOrEqual(1e-9);
    return;
  }
  const own = given as Readonly<Record<string, unknown>>;
  expect(Object.keys(own), where).toEqual(Object.keys(wanted as object));
  for (const [name, value] of Object.entries(wanted as object)) expectEqual(own[name], value, `${where} ${name}`);
}
