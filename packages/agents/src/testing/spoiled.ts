/** Helpers for the tests of both kits. */
import { LeaError } from '@lea/core';
import { expect } from 'vitest';
import type { Agent } from '../types.ts';

/** The only check whose name matches. */
export const checkOf = <C>(checks: Readonly<Record<string, C>>, property: RegExp): C => {
  const found = Object.entries(checks).filter(([name]) => property.test(name));
  expect(found, `${property}`).toHaveLength(1);
  return found[0]![1];
};

/** The error that a check throws. */
export async function violationOf(run: () => void | Promise<void>): Promise<LeaError> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(LeaError);
    return error as LeaError;
  }
  throw new Error('the check passed');
}

/** Initial parameters times a factor. */
export function scaled(values: ReturnType<Agent['init']>, factor: number): ReturnType<Agent['init']> {
  for (const { data } of Object.values(values)) data.set((data as Float32Array).map((x) => x * factor));
  return values;
}
