import type { Scorer, Windows } from '@lea/data';
import { expect } from 'vitest';

/** Windows of width 10, right-padded with `padId`. */
export function windows(padId: number, ...histories: number[][]): Windows {
  const items = histories.flatMap((own) => [...own, ...Array.from({ length: 10 - own.length }, () => padId)]);
  const length = Int32Array.from(histories, (own) => own.length);
  return { items: Int32Array.from(items), length, size: histories.length, window: 10 };
}

/** Scores of one history. */
export async function scores(scorer: Scorer, ...history: number[]): Promise<number[]> {
  return [...(await scorer.score(windows(scorer.items, history)))];
}

/** Items of one history, best first. */
export async function ranking(scorer: Scorer, ...history: number[]): Promise<number[]> {
  const given = await scores(scorer, ...history);
  return given.map((_, item) => item).sort((a, b) => given[b]! - given[a]! || a - b);
}

/** Compares two lists of numbers, each to a number of digits. */
export function expectClose(given: ArrayLike<number>, wanted: readonly number[], digits = 12): void {
  expect(given).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(given[i], `item ${i}`).toBeCloseTo(value, digits);
}
