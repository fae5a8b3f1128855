import type { RewardCalibration } from '@lea/data';

/** Comparisons of like confidence, or rewards of like probability. */
export interface CalibrationBin {
  /** Confidences (probabilities) of the bin lie in [from, to). */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean confidence (probability); NaN of an empty bin. */
  readonly predicted: number;
  /** Share that went as predicted, equal rewards counting half; NaN of an empty bin. */
  readonly observed: number;
}

export interface Calibration {
  /** Factor of the margins before the sigmoid: 1, or the Platt slope. */
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
  const bins = binned(0.5);
  for (let i = 0; i < margins.length; i++) {
    const margin = margins[i]!;
    if (Number.isNaN(margin)) continue;
    const scaled = margin === 0 ? 0 : slope * margin;
    bins.add(sigmoid(Math.abs(scaled)), scaled > 0 ? 1 : scaled === 0 ? 0.5 : 0);
  }
  return { slope, ...bins.result() };
}

/** Probabilities of single rewards against what happens. */
export interface RewardReliability extends RewardCalibration {
  /** An un-interacted item counts as many times less as there are more of them. */
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error, as of {@link Calibration}. */
  readonly ece: number;
}

/**
 * How far p = sigmoid(slope * R + intercept) is from what happens: that an action of this reward is what the user did,
 * rather than an un-interacted item, where there is one of these for every one of those; ten bins of equal width cover
 * the probabilities from 0 to 1.
 *
 * @param logged raw rewards of logged actions @param other of un-interacted items; NaN is left out
 */
export function calibrateRewards(
  logged: ArrayLike<number>,
  other: ArrayLike<number>,
  { slope, intercept }: RewardCalibration,
): RewardReliability {
  const known = (rewards: ArrayLike<number>): number[] => Array.from(rewards).filter((reward) => !Number.isNaN(reward));
  const [positive, negative] = [known(logged), known(other)];
  const bins = binned(0);
  for (const reward of positive) bins.add(sigmoid(slope * reward + intercept), 1);
  for (const reward of negative) bins.add(sigmoid(slope * reward + intercept), 0, positive.length / negative.length);
  return { slope, intercept, ...bins.result() };
}

/** Bins of equal width from `low` to 1, to be filled. */
function binned(low: number) {
  const edge = (b: number): number => low + (b * (1 - low)) / BINS;
  const count = new Float64Array(BINS);
  const sums = { predicted: new Float64Array(BINS), observed: new Float64Array(BINS) };
  return {
    add(predicted: number, observed: number, weight = 1): void {
      const bin = Math.min(BINS - 1, Math.floor(((predicted - low) / (1 - low)) * BINS));
      count[bin]! += weight;
      sums.predicted[bin]! += weight * predicted;
      sums.observed[bin]! += weight * observed;
    },
    result(): { bins: CalibrationBin[]; ece: number } {
      const bins = Array.from(count, (n, b) => ({
        from: edge(b),
        to: edge(b + 1),
        count: n,
        predicted: sums.predicted[b]! / n,
        observed: sums.observed[b]! / n,
      }));
      const total = count.reduce((a, b) => a + b, 0);
      const off = bins.reduce((sum, bin) => sum + (bin.count && bin.count * Math.abs(bin.predicted - bin.observed)), 0);
      return { bins, ece: off / total };
    },
  };
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
