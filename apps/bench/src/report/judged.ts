import { isDeepStrictEqual } from 'node:util';
import { type Comparison, compare, compareSeeds, holm } from '@lea/eval';
import { formatMetric } from '../terminal/metric.ts';
import { bestOf, type Group } from './groups.ts';

/** The metric of all comparisons on test. */
export const METRIC = 'ndcg@10';

/** A comparison of two models whose p-value is adjusted for the other comparisons of its family. */
export interface Judged extends Comparison {
  /** p after Holm's method. */
  readonly adjusted: number;
  /** Number of comparisons of the family. */
  readonly family: number;
}

/** Pairs of models, the first against the second. */
export type Pairs = readonly (readonly [Group, Group])[];

/** Compares pairs by test NDCG@10, as one family. */
export function judged(pairs: Pairs): Judged[] {
  const all = pairs.map(([a, b]) => compare(evaluationsOf(a), evaluationsOf(b), { metric: METRIC }));
  const adjusted = holm(all.map(({ p }) => p));
  return all.map((comparison, i) => ({ ...comparison, adjusted: adjusted[i]!, family: all.length }));
}

/** Looks comparisons up in a family of pairs, which may name a pair more than once. */
export function judgeOf(pairs: Pairs): (a: Group, b: Group) => Judged {
  const key = (a: Group, b: Group) => JSON.stringify([a.kind, a.name, b.kind, b.name]);
  const distinct = [...new Map(pairs.map((pair) => [key(...pair), pair])).values()];
  const all = new Map(judged(distinct).map((comparison, i) => [key(...distinct[i]!), comparison]));
  return (a, b) => all.get(key(a, b))!;
}

/** Every trained model against the best baseline on test, as one family; undefined where either is missing. */
export function againstBest(groups: readonly Group[]):
  | {
      readonly baseline: Group;
      /** What is no baseline but better than the best one: the counting memory, or nothing. */
      readonly besides: string;
      readonly trained: readonly Group[];
      readonly differences: readonly Judged[];
    }
  | undefined {
  const trained = groups.filter(({ kind }) => kind === 'run');
  const baseline = bestOf(
    groups.filter(({ kind, memory }) => kind === 'baseline' && !memory),
    ({ score }) => score,
  );
  if (!baseline || trained.length === 0) return undefined;
  const beaten = groups.some(({ memory, score }) => memory && score > baseline.score);
  const besides = beaten ? ' besides the counting memory' : '';
  return { baseline, besides, trained, differences: judged(trained.map((group) => [group, baseline])) };
}

/** 1 or -1 when a difference holds at 5 % after adjustment, 0 when it may be due to chance. */
export function claim({ difference, adjusted }: Judged): 0 | 1 | -1 {
  if (!(adjusted < 0.05)) return 0;
  return difference > 0 ? 1 : -1;
}

/** What adjustment takes back: nothing, unless the difference was outside chance on its own. */
export function takenBack(comparison: Judged): string {
  const { p, adjusted, family } = comparison;
  if (!(p < 0.05) || claim(comparison) !== 0) return '';
  return `; adjusted for ${family} comparisons, p rises from ${chance(p)} to ${chance(adjusted)}`;
}

/**
 * The difference over the seeds of training, where both models have the same ones, or where the other one is a baseline, which has
 * none; otherwise nothing. Seeds that all rank alike, as those of a memory alone, tell nothing about training.
 */
export function overSeeds(run: Group, base: Group, signed: (value: number) => string): string {
  const seeds = (group: Group) => group.runs.map(({ record }) => record.seed).sort((a, b) => a - b);
  const [own, other] = [seeds(run), seeds(base)];
  const fixed = base.kind === 'baseline' && other.length === 1;
  if (own.length < 2 || !(fixed || own.join() === other.join())) return '';
  const bySeed = (group: Group) =>
    group.runs.toSorted((a, b) => a.record.seed - b.record.seed).map(({ evaluation }) => evaluation);
  if (isOneResult(run) && isOneResult(base)) return '';
  const others = fixed ? own.map(() => base.runs[0]!.evaluation) : bySeed(base);
  const { interval, tooFew } = compareSeeds(bySeed(run), others, { metric: METRIC });
  const range = `the 95 % interval is ${interval.map(signed).join(' to ')}`;
  return tooFew
    ? ` With only ${own.length} seeds of training, too few to know how much it varies, ${range}.`
    : ` Over ${own.length} seeds of training ${range}.`;
}

function isOneResult({ runs }: Group): boolean {
  const [first] = runs;
  return runs.every(({ evaluation: { ranks } }) => isDeepStrictEqual(ranks, first!.evaluation.ranks));
}

export function evaluationsOf({ runs }: Group) {
  return runs.map(({ evaluation }) => evaluation);
}

/** A p-value with four digits. */
export function chance(p: number): string {
  return p < 0.0001 ? '<.0001' : formatMetric(p);
}
