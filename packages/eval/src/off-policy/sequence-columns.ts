import type { Column } from './columns.ts';
import type { Trajectories } from './feedback.ts';
import type { RoundTerms } from './terms.ts';

/** Estimators of the discounted return of trajectories. */
export type SequenceEstimator = 'tis' | 'sntis' | 'pdis' | 'snpdis' | 'dm' | 'dr' | 'sndr';

/** [steps] the product of the weights of a trajectory up to and including each step. */
export function cumulative({ offsets }: Trajectories, weight: Float64Array): Float64Array {
  const products = new Float64Array(weight.length);
  for (let i = 0; i + 1 < offsets.length; i++) {
    let product = 1;
    for (let t = offsets[i]!; t < offsets[i + 1]!; t++) products[t] = product *= weight[t]!;
  }
  return products;
}

/** The columns of an estimator; a unit is a trajectory. */
export function sequenceColumns(
  estimator: SequenceEstimator,
  trajectories: Trajectories,
  { weight, direct, predicted }: RoundTerms,
): readonly Column[] {
  const { offsets, reward, discount } = trajectories;
  const count = offsets.length - 1;
  const products = cumulative(trajectories, weight);
  const before = (step: number, i: number): number => (step === offsets[i]! ? 1 : products[step - 1]!);
  const last = (i: number): number => products[offsets[i + 1]! - 1]!;
  const units = (value: (i: number) => number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => value(i));
  /** Discounted sum over the steps of trajectory i. */
  const summed = (i: number, value: (step: number) => number): number => {
    let total = 0;
    for (let step = offsets[i]!; step < offsets[i + 1]!; step++)
      total += discount ** (step - offsets[i]!) * value(step);
    return total;
  };
  /**
   * One self-normalized column per time t. A trajectory that ended before t has the value 0 and keeps its last weight: it is in
   * an absorbing state without reward.
   */
  const perTime = (value: (step: number, i: number) => number, weigh: (step: number, i: number) => number): Column[] =>
    Array.from({ length: longest(trajectories) }, (_, t) => {
      const step = (i: number): number => offsets[i]! + t;
      const ended = (i: number): boolean => step(i) >= offsets[i + 1]!;
      return {
        numerator: units((i) => (ended(i) ? 0 : discount ** t * weigh(step(i), i) * value(step(i), i))),
        denominator: units((i) => (ended(i) ? last(i) : weigh(step(i), i))),
      };
    });
  const own = (step: number): number => products[step]!;
  const residual = (step: number): number => reward[step]! - predicted![step]!;
  switch (estimator) {
    case 'tis':
      return [{ numerator: units((i) => last(i) * summed(i, (step) => reward[step]!)) }];
    case 'sntis':
      return [{ numerator: units((i) => last(i) * summed(i, (step) => reward[step]!)), denominator: units(last) }];
    case 'pdis':
      return [{ numerator: units((i) => summed(i, (step) => own(step) * reward[step]!)) }];
    case 'snpdis':
      return perTime((step) => reward[step]!, own);
    case 'dm':
      return [{ numerator: units((i) => direct![offsets[i]!]!) }];
    case 'dr':
      return [
        { numerator: units((i) => summed(i, (step) => own(step) * residual(step) + before(step, i) * direct![step]!)) },
      ];
    case 'sndr':
      return [...perTime(residual, own), ...perTime((step) => direct![step]!, before)];
  }
}

/** Number of steps of the longest trajectory. */
export function longest({ offsets }: Trajectories): number {
  let most = 0;
  for (let i = 0; i + 1 < offsets.length; i++) most = Math.max(most, offsets[i + 1]! - offsets[i]!);
  return most;
}
