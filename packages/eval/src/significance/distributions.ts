/**
 * Chance that a standard normal number is at least as far from 0 as `z` (absolute error below 1e-15): the series of erf for small
 * numbers, the continued fraction of erfc for large ones (Abramowitz and Stegun 1964, 7.1.6 and 7.1.14).
 */
export function normalTails(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  if (Number.isNaN(x)) return x;
  const density = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 2) {
    let [term, sum] = [x, 0];
    for (let n = 1; term > 1e-18 * sum; n++) {
      sum += term;
      term *= (2 * x * x) / (2 * n + 1);
    }
    return 1 - 2 * density * sum;
  }
  let fraction = x;
  for (let n = 120; n > 0; n--) fraction = x + n / 2 / fraction;
  return density / fraction;
}

/**
 * Chance that a number of Student's t distribution is at least as far from 0 as `t`: the finite sums for whole degrees of freedom
 * (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
 *
 * @param freedom degrees of freedom, a whole number of at least 1
 */
export function studentTails(t: number, freedom: number): number {
  const angle = Math.atan(Math.abs(t) / Math.sqrt(freedom));
  const [sine, square] = [Math.sin(angle), Math.cos(angle) ** 2];
  const odd = freedom % 2;
  let [term, sum] = [odd ? Math.cos(angle) : 1, 0];
  for (let i = odd; i <= freedom - 2; i += 2) {
    sum += term;
    term *= ((i + 1) / (i + 2)) * square;
  }
  return 1 - (odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum);
}

/**
 * The number above 0 beyond which, on both sides, the t distribution has this chance.
 *
 * @param tails chance of both sides together, in (0, 1)
 */
export function studentReach(tails: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (studentTails(high, freedom) > tails) [low, high] = [high, 2 * high];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (studentTails(middle, freedom) > tails) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
