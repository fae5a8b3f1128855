/** Comparisons of like confidence. */
export interface CalibrationBin {
  /** Confidences of the bin lie in [from, to). */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean confidence; NaN of an empty bin. */
  readonly predicted: number;
  /** Share that went as predicted, equal rewards counting half; NaN of an empty bin. */
  readonly observed: number;
}

export interface Calibration {
  /** What margins are multiplied by before the sigmoid: 1, or the Platt slope. */
  readonly slope: number;
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error: mean distance of predicted and observed, weighted by the bins' counts. */
  readonly ece: number;
}

const BINS = 10;

/**
 * How far a reward model's probabilities are from what happens. It says that the logged action a+ is preferred to a-
 * with probability p = sigmoid(slope * (R(a+) - R(a-))) (Bradley-Terry). Which of the two is called a+ is our choice, so
 * a comparison enters as the confidence max(p, 1 - p) in what the model prefers, and whether that was the logged action;
 * ten bins of equal width cover the confidences from .5 to 1 (Guo et al. 2017 for the error).
 *
 * @param margins R(logged) - R(other) of comparisons; NaN is left out
 */
export function calibrate(margins: ArrayLike<number>, slope = 1): Calibration {
  const count = new Float64Array(BINS);
  const sums = { predicted: new Float64Array(BINS), observed: new Float64Array(BINS) };
  let total = 0;
  for (let i = 0; i < margins.length; i++) {
    const margin = margins[i]!;
    if (Number.isNaN(margin)) continue;
    const scaled = margin === 0 ? 0 : slope * margin;
    const confidence = sigmoid(Math.abs(scaled));
    const bin = Math.min(BINS - 1, Math.floor((confidence - 0.5) * 2 * BINS));
    count[bin]!++;
    sums.predicted[bin]! += confidence;
    sums.observed[bin]! += scaled > 0 ? 1 : scaled === 0 ? 0.5 : 0;
    total++;
  }
  const bins = Array.from(count, (n, b) => ({
    from: 0.5 + b / (2 * BINS),
    to: 0.5 + (b + 1) / (2 * BINS),
    count: n,
    predicted: sums.predicted[b]! / n,
    observed: sums.observed[b]! / n,
  }));
  const off = bins.reduce((sum, bin) => sum + (bin.count && bin.count * Math.abs(bin.predicted - bin.observed)), 0);
  return { slope, bins, ece: off / total };
}

/**
 * The slope of Platt scaling (Platt 1999), sigmoid(slope * margin), by maximum likelihood with his smoothed targets. As
 * comparisons have no order there is no intercept: this is temperature scaling of pairs. Below 1: overconfident.
 *
 * @param margins R(logged) - R(other) of comparisons of other users than those judged; NaN and infinite are left out
 * @returns 1 where no margin differs from 0
 */
export function plattSlope(margins: ArrayLike<number>): number {
  const finite = Float64Array.from(margins).filter((margin) => Number.isFinite(margin));
  const scale = Math.sqrt(finite.reduce((sum, margin) => sum + margin * margin, 0) / finite.length);
  if (!(scale > 0)) return 1;
  const target = (finite.length + 1) / (finite.length + 2);
  /** Derivative of the mean loss: rises with the slope. */
  const derivative = (slope: number): number =>
    finite.reduce((sum, margin) => sum + margin * (sigmoid(slope * margin) - target), 0);
  let [low, high] = [-1 / scale, 1 / scale];
  while (derivative(high) < 0) [low, high] = [high, 2 * high];
  while (derivative(low) > 0) [low, high] = [2 * low, low];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (derivative(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
