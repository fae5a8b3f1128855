import { checkFinite } from './check-values.ts';
import { normalTails } from './distributions.ts';

/** The result of {@link wilcoxon}. */
export interface SignedRankTest {
  /** The smaller one of the sums of ranks of the differences above 0 and of those below 0. */
  readonly statistic: number;
  /** Two-sided p-value; NaN without a difference other than 0. */
  readonly p: number;
  /** Number of differences other than 0. */
  readonly count: number;
  /** Whether p is exact; otherwise it is the normal approximation. */
  readonly exact: boolean;
}

/** Most differences for which p is exact, as in SciPy. */
const MOST_EXACT = 50;

/**
 * Wilcoxon's signed-rank test of paired differences (Wilcoxon 1945). Differences of 0 are left out, and equal ones share the mean of
 * their ranks. With at most 50 differences p is exact, also with ties: the share of all sign patterns whose sum of ranks is at
 * least as far from its mean. With more it is the normal approximation, corrected for ties but not for continuity. These are the
 * values of `scipy.stats.wilcoxon`, which counts sign patterns only up to 13 differences where there are ties or zeros.
 *
 * @param differences one per pair; pass one per user, because events of one user are not independent
 * @throws LeaError `E_ARGUMENT_TYPE` (a difference is not finite)
 */
export function wilcoxon(differences: ArrayLike<number>): SignedRankTest {
  checkFinite('wilcoxon', { differences });
  const given = Array.from(differences).filter((difference) => difference !== 0);
  const count = given.length;
  const { ranks, ties } = sharedRanks(given.map(Math.abs));
  const above = ranks.reduce((sum, rank, i) => sum + (given[i]! > 0 ? rank : 0), 0);
  const statistic = Math.min(above, (count * (count + 1)) / 2 - above);
  const exact = count <= MOST_EXACT;
  if (count === 0) return { statistic, p: Number.NaN, count, exact };
  if (exact) return { statistic, p: Math.min(1, 2 * lowerTail(ranks, statistic)), count, exact };
  const middle = (count * (count + 1)) / 4;
  const tied = ties.reduce((sum, size) => sum + size ** 3 - size, 0);
  const variance = (count * (count + 1) * (2 * count + 1) - tied / 2) / 24;
  return { statistic, p: normalTails((statistic - middle) / Math.sqrt(variance)), count, exact };
}

/** Ranks from 1; equal values share the mean of their ranks. `ties` are the numbers of equal values. */
function sharedRanks(values: readonly number[]): { readonly ranks: number[]; readonly ties: number[] } {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const ranks = values.map(() => 0);
  const ties: number[] = [];
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2;
    ties.push(end - start);
    start = end;
  }
  return { ranks, ties };
}

/** Chance that the ranks with a random sign above 0 sum to at most `statistic`. */
function lowerTail(ranks: readonly number[], statistic: number): number {
  // Ranks are whole halves. After each rank, the chance of every sum.
  const chances = new Float64Array(ranks.length * (ranks.length + 1) + 1);
  chances[0] = 1;
  for (const rank of ranks) {
    for (let sum = chances.length - 1; sum >= 0; sum--) {
      chances[sum] = (chances[sum]! + (sum >= 2 * rank ? chances[sum - 2 * rank]! : 0)) / 2;
    }
  }
  return chances.subarray(0, 2 * statistic + 1).reduce((total, chance) => total + chance, 0);
}
