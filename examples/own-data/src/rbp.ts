import { defineMeasure } from '@lea/eval';

// #region measure
/** Rank-biased precision (Moffat, Zobel, 2008): a reader goes on to the next place with probability .8. */
defineMeasure('rbp', (rank, k) => (rank <= k ? 0.2 * 0.8 ** (rank - 1) : 0));
// #endregion measure
