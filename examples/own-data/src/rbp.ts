import { defineMeasure } from '@lea/eval';

/** Rank-biased precision (Moffat, Zobel, 2008): a reader continues to the next position with probability .8. */
defineMeasure('rbp', (rank, k) => (rank <= k ? 0.2 * 0.8 ** (rank - 1) : 0));
