import { LeaError } from '@lea/core';
import type { BanditFeedback } from './feedback.ts';

/** Writes the predicted values of all actions in a round: `[actions]`. */
export type Predictor = (feedback: BanditFeedback, round: number, out: Float64Array) => void;

/** A model of some rounds that can be fitted to several targets; what does not depend on them is computed once. */
export interface Regression {
  /** @param target one number per round of the whole feedback; only those of the model's rounds are read */
  fit(target: ArrayLike<number>): Predictor;
}

/**
 * Means of (state, action), shrunk toward those of the action, which are shrunk toward the mean of all rounds: with n rounds and
 * the pseudo-count m,
 *
 *     mean(a) = (sum over rounds of a + m mean) / (n(a) + m)
 *     value(s, a) = (sum over rounds of s, a + m mean(a)) / (n(s, a) + m)
 *
 * Without states the value is mean(a). For m = 0 these are plain means, and what has no rounds gets the next coarser mean.
 */
export function tabular({ actions, action, state }: BanditFeedback, rounds: Int32Array, m: number): Regression {
  const place = (s: number, a: number): number => s * actions + a;
  const shrunk = (sum: number, count: number, toward: number): number =>
    count + m > 0 ? (sum + m * toward) / (count + m) : toward;
  return {
    fit(target) {
      const [sums, counts] = [new Float64Array(actions), new Float64Array(actions)];
      const cells = new Map<number, [sum: number, count: number]>();
      let total = 0;
      for (const round of rounds) {
        const [a, y] = [action[round]!, target[round]!];
        total += y;
        sums[a]! += y;
        counts[a]!++;
        if (!state) continue;
        const cell = cells.get(place(state[round]!, a)) ?? [0, 0];
        cells.set(place(state[round]!, a), [cell[0] + y, cell[1] + 1]);
      }
      const means = sums.map((sum, a) => shrunk(sum, counts[a]!, total / rounds.length));
      return (feedback, round, out) => {
        out.set(means);
        const s = feedback.state?.[round];
        if (s === undefined) return;
        for (let a = 0; a < actions; a++) {
          const cell = cells.get(place(s, a));
          if (cell) out[a] = shrunk(cell[0], cell[1], means[a]!);
        }
      };
    },
  };
}

/**
 * A ridge regression per action on the context features x and an intercept: with X the rows of the action and y their targets
 * minus the mean of all, beta = (X^T X + l I)^-1 X^T y. The prediction is the mean plus x beta, so an action without rounds gets
 * the mean.
 *
 * @throws LeaError `E_FEEDBACK` without features
 */
export function ridge(where: string, feedback: BanditFeedback, rounds: Int32Array, l: number): Regression {
  const { actions, action, context } = feedback;
  if (!context) {
    throw new LeaError('E_FEEDBACK', `${where}: ridge regression needs the context features of the log.`, {
      hint: "Add context: { data, width }, or use model: 'tabular'.",
    });
  }
  const width = context.width + 1;
  const byAction = Array.from({ length: actions }, (): number[] => []);
  for (const round of rounds) byAction[action[round]!]!.push(round);
  const factors = byAction.map((own) => (own.length > 0 ? cholesky(gram(feedback, own, width, l), width) : undefined));
  return {
    fit(target) {
      const mean = rounds.reduce((sum, round) => sum + target[round]!, 0) / rounds.length;
      const betas = factors.map((factor, a) => {
        if (!factor) return undefined;
        const right = new Float64Array(width);
        const x = new Float64Array(width);
        for (const round of byAction[a]!) {
          featuresOf(feedback, round, x);
          for (let i = 0; i < width; i++) right[i]! += x[i]! * (target[round]! - mean);
        }
        return solve(factor, right);
      });
      const x = new Float64Array(width);
      return (other, round, out) => {
        featuresOf(other, round, x);
        for (let a = 0; a < actions; a++) {
          out[a] = mean + (betas[a]?.reduce((sum, beta, i) => sum + beta * x[i]!, 0) ?? 0);
        }
      };
    },
  };
}

/** The features of a round and a 1. */
function featuresOf({ context }: BanditFeedback, round: number, out: Float64Array): void {
  const width = out.length - 1;
  for (let i = 0; i < width; i++) out[i] = context!.data[round * width + i]!;
  out[width] = 1;
}

function gram(feedback: BanditFeedback, rounds: readonly number[], width: number, l: number): Float64Array {
  const sums = new Float64Array(width * width);
  const x = new Float64Array(width);
  for (const round of rounds) {
    featuresOf(feedback, round, x);
    for (let i = 0; i < width; i++) for (let j = 0; j <= i; j++) sums[i * width + j]! += x[i]! * x[j]!;
  }
  for (let i = 0; i < width; i++) sums[i * width + i]! += l;
  return sums;
}

/** Lower triangle L of a positive definite matrix, A = L L^T, over its lower triangle. */
function cholesky(a: Float64Array, width: number): Float64Array {
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      let value = a[i * width + j]!;
      for (let p = 0; p < j; p++) value -= a[i * width + p]! * a[j * width + p]!;
      a[i * width + j] = i === j ? Math.sqrt(value) : value / a[j * width + j]!;
    }
  }
  return a;
}

function solve(factor: Float64Array, right: Float64Array): Float64Array {
  const width = right.length;
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) right[i]! -= factor[i * width + j]! * right[j]!;
    right[i]! /= factor[i * width + i]!;
  }
  for (let i = width - 1; i >= 0; i--) {
    for (let j = i + 1; j < width; j++) right[i]! -= factor[j * width + i]! * right[j]!;
    right[i]! /= factor[i * width + i]!;
  }
  return right;
}
