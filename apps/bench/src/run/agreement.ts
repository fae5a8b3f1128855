import { fold, integers, key } from '@lea/core';
import { historyWindows, type Windows, type World } from '@lea/data';
import type { RewardModel } from '@lea/env';
import { agreement, coOccurrence } from '@lea/eval';
import type { Context } from './context.ts';

/** How well scores agree with a world's true reward: means over histories of the agreement among its candidates. */
export interface Agreed {
  readonly spearman: number;
  readonly pairwiseAccuracy: number;
}

/** What an environment learned, held against the truth and against what counting knows of the same candidates. */
export interface RewardAgreement {
  readonly environment: string;
  readonly reward: Agreed;
  readonly counting: Agreed;
  readonly histories: number;
  readonly candidates: number;
}

const HISTORIES = 256;
const CANDIDATES = 50;

/** Compares an environment's rewards with the true ones on histories of test users and random candidate items. */
export async function rewardAgreement(
  name: string,
  environment: Pick<RewardModel, 'rewards'>,
  world: World,
  { split, text, experiment }: Context,
): Promise<RewardAgreement> {
  const { test } = split;
  const items = test.sequences.itemIds.length;
  const known = Int32Array.from({ length: test.count }, (_, row) => row).filter(
    (row) => test.event[row]! > test.sequences.offsets[test.sequence[row]!]!,
  );
  const root = fold(key(0), 'reward agreement');
  const histories = Math.min(HISTORIES, known.length);
  const rows = integers(fold(root, 'rows'), histories, known.length).map((i) => known[i]!);
  const candidates = Math.min(CANDIDATES, items);
  const actions = integers(fold(root, 'candidates'), histories * candidates, items);
  const windows = historyWindows(test, rows, experiment.window);

  const truth = pickScores(
    Array.from(rows, (row) => {
      const first = test.sequences.offsets[test.sequence[row]!]!;
      return world.reward(test.sequences.items.subarray(first, test.event[row]!));
    }),
    actions,
    candidates,
  );
  const counted = await coOccurrence(split.train, { text: text() }).score(windows);
  const counting = pickScores(rowsOf(counted, windows, items), actions, candidates);
  const learned = Float64Array.from(await environment.rewards(windows, actions));
  return {
    environment: name,
    reward: meanAgreement(learned, truth, candidates),
    counting: meanAgreement(counting, truth, candidates),
    histories,
    candidates,
  };
}

function rowsOf(
  scores: Float32Array | Float64Array,
  { size }: Windows,
  items: number,
): (Float32Array | Float64Array)[] {
  return Array.from({ length: size }, (_, row) => scores.subarray(row * items, (row + 1) * items));
}

/** Scores of each history's own candidates, row after row. */
function pickScores(rows: readonly ArrayLike<number>[], actions: Int32Array, candidates: number): Float64Array {
  return Float64Array.from(actions, (item, i) => rows[Math.floor(i / candidates)]![item]!);
}

function meanAgreement(score: Float64Array, truth: Float64Array, candidates: number): Agreed {
  const each = Array.from({ length: truth.length / candidates }, (_, row) => {
    const part = [row * candidates, (row + 1) * candidates] as const;
    return agreement(score.subarray(...part), truth.subarray(...part));
  });
  const mean = (of: (a: Agreed) => number) => {
    const values = each.map(of).filter(Number.isFinite);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return { spearman: mean((a) => a.spearman), pairwiseAccuracy: mean((a) => a.pairwiseAccuracy) };
}
