import { checkNumbers, deviation, mean } from '@lea/core';
import type { RewardCalibration } from '@lea/data';

const STEPS = 50;

/**
 * Platt scaling of rewards (Platt 1999): the probability that an action with this reward is the one that the user took,
 * rather than an un-interacted item, where there is one of these for every one of those. Maximum likelihood with Platt's
 * smoothed targets.
 *
 * @param positive raw rewards of logged actions @param negative of un-interacted items; the users took no part in the fit
 */
export function plattScaling(positive: ArrayLike<number>, negative: ArrayLike<number>): RewardCalibration {
  checkNumbers('plattScaling', { positive, negative });
  const rewards = Float64Array.from([...Array.from(positive), ...Array.from(negative)]);
  const targets = Float64Array.from(rewards, (_, i) =>
    i < positive.length ? (positive.length + 1) / (positive.length + 2) : 1 / (negative.length + 2),
  );
  const middle = mean(rewards);
  const scale = deviation(rewards) || 1;
  const { slope, intercept } = logisticFit(
    rewards.map((reward) => (reward - middle) / scale),
    targets,
  );
  return { slope: slope / scale, intercept: intercept - (slope * middle) / scale };
}

/**
 * The slope of Platt scaling, sigmoid(slope * margin), with the same targets. As comparisons have no order there is no
 * intercept: this is temperature scaling of pairs. Below 1: overconfident.
 *
 * @param margins R(logged) - R(other) of comparisons of other users than those judged; NaN and infinite are left out
 * @returns 1 where no margin differs from 0
 */
export function plattSlope(margins: ArrayLike<number>): number {
  const finite = Float64Array.from(margins).filter((margin) => Number.isFinite(margin));
  const scale = Math.sqrt(mean(finite.map((margin) => margin * margin)));
  if (!(scale > 0)) return 1;
  const targets = new Float64Array(finite.length).fill((finite.length + 1) / (finite.length + 2));
  const scaled = finite.map((margin) => margin / scale);
  return logisticFit(scaled, targets, { intercept: false }).slope / scale;
}

/** Logistic regression of `targets` on `z` by Newton's method. */
function logisticFit(z: Float64Array, targets: Float64Array, free = { intercept: true }): RewardCalibration {
  const loss = (a: number, b: number): number =>
    z.reduce((sum, x, i) => sum + softplus(a * x + b) - targets[i]! * (a * x + b), 0);
  let [a, b, now] = [0, 0, loss(0, 0)];
  for (let step = 0; step < STEPS; step++) {
    // Gradient and Hessian of the loss; a little is added to the Hessian where all rewards are equal.
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-9, 0, 1e-9];
    for (let i = 0; i < z.length; i++) {
      const x = z[i]!;
      const p = 1 / (1 + Math.exp(-(a * x + b)));
      const [error, spread] = [p - targets[i]!, p * (1 - p)];
      ga += error * x;
      haa += spread * x * x;
      if (!free.intercept) continue;
      gb += error;
      hab += spread * x;
      hbb += spread;
    }
    const determinant = haa * hbb - hab * hab;
    const [da, db] = [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant];
    let size = 1;
    while (size > 1e-6 && loss(a - size * da, b - size * db) > now) size /= 2;
    [a, b] = [a - size * da, b - size * db];
    const next = loss(a, b);
    if (!(now - next > 1e-12 * now)) break;
    now = next;
  }
  return { slope: a, intercept: b };
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
