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
 * Chance that a number of Student's t distribution is at least as far from 0 as `t`: the regularized incomplete beta function
 * I_x(n / 2, 1 / 2) at x = n / (n + t²), with n the degrees of freedom (Abramowitz and Stegun 1964, 26.5.27).
 *
 * @param freedom degrees of freedom, above 0
 */
export function studentTails(t: number, freedom: number): number {
  if (Number.isNaN(t)) return t;
  if (t === 0) return 1;
  if (!Number.isFinite(t)) return 0;
  const square = t * t;
  const far = freedom / (freedom + square);
  const near = square / (freedom + square);
  // The continued fraction converges fast on one side only.
  return far < (freedom / 2 + 1) / (freedom / 2 + 2.5)
    ? incompleteBeta(far, near, freedom / 2, 0.5)
    : 1 - incompleteBeta(near, far, 0.5, freedom / 2);
}

/**
 * I_x(a, b) for x < (a + 1) / (a + b + 2) by its continued fraction (Abramowitz and Stegun 1964, 26.5.8), from front to back with
 * Lentz's method.
 *
 * @param rest 1 - x, which may be known to more digits
 */
function incompleteBeta(x: number, rest: number, a: number, b: number): number {
  const scale = Math.exp(a * Math.log(x) + b * Math.log(rest) - logBeta(a, b)) / a;
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1))];
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= c * d;
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return scale * fraction;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** ln Γ(x) for x > 0: Stirling's series, reached by the recurrence (Abramowitz and Stegun 1964, 6.1.41). */
function logGamma(x: number): number {
  let [shift, z] = [0, x];
  for (; z < 10; z++) shift += Math.log(z);
  const inverse = 1 / (z * z);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift;
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
