import { fold, integers, key, mean } from '@lea/core';
import { historyWindows, type RewardModel, type Transitions, type World } from '@lea/data';
import { agreement, coOccurrence, scoresAsRewards } from '@lea/eval';
import type { Context } from './context.ts';

/** How well scores agree with a world's true reward: means over histories of the agreement among its candidates. */
export interface Agreed {
  readonly spearman: number;
  readonly pairwiseAccuracy: number;
}

/** Agreement of an environment with the true rewards, beside that of counting on the same candidates. */
export interface RewardAgreement {
  readonly environment: string;
  readonly reward: Agreed;
  readonly counting: Agreed;
  readonly histories: number;
  readonly candidates: number;
}

/** Compares an environment's rewards with the true ones, and those of co-occurrence with texts. */
export async function rewardAgreement(
  environment: Pick<RewardModel, 'name' | 'window' | 'rewards'>,
  world: World,
  { split, text, experiment }: Context,
): Promise<RewardAgreement> {
  const questions = questionsOf(split.test);
  const counting = coOccurrence(split.train, { window: experiment.window, text: text() });
  return {
    environment: environment.name,
    reward: await agreementOf(environment, world, split.test, questions),
    counting: await agreementOf(scoresAsRewards(counting), world, split.test, questions),
    histories: questions.rows.length,
    candidates: questions.candidates,
  };
}

const HISTORIES = 256;
const CANDIDATES = 50;

interface Questions {
  /** Number of decisions of the set that have a history. */
  readonly rows: Int32Array;
  /** Random items, [rows, candidates]. */
  readonly actions: Int32Array;
  readonly candidates: number;
}

/** The same for every model. */
function questionsOf(set: Transitions): Questions {
  const items = set.sequences.itemIds.length;
  const known = Int32Array.from({ length: set.count }, (_, row) => row).filter(
    (row) => set.event[row]! > set.sequences.offsets[set.sequence[row]!]!,
  );
  const root = fold(key(0), 'reward agreement');
  const histories = Math.min(HISTORIES, known.length);
  const rows = integers(fold(root, 'rows'), histories, known.length).map((i) => known[i]!);
  const candidates = Math.min(CANDIDATES, items);
  return { rows, candidates, actions: integers(fold(root, 'candidates'), histories * candidates, items) };
}

/** Agreement of rewards with the true ones on histories of test users, as far back as the model reads them. */
export async function agreementOf(
  model: Pick<RewardModel, 'window' | 'rewards'>,
  world: World,
  test: Transitions,
  { rows, actions, candidates }: Questions = questionsOf(test),
): Promise<Agreed> {
  const { items, offsets } = test.sequences;
  const truth = Array.from(rows, (row) => {
    const first = offsets[test.sequence[row]!]!;
    return world.reward(items.subarray(first, test.event[row]!));
  });
  const rewards = await model.rewards(historyWindows(test, rows, model.window), actions);
  return meanAgreement(
    Float64Array.from(rewards),
    Float64Array.from(actions, (item, i) => truth[Math.floor(i / candidates)]![item]!),
    candidates,
  );
}

function meanAgreement(score: Float64Array, truth: Float64Array, candidates: number): Agreed {
  const each = Array.from({ length: truth.length / candidates }, (_, row) => {
    const part = [row * candidates, (row + 1) * candidates] as const;
    return agreement(score.subarray(...part), truth.subarray(...part));
  });
  const meanOf = (of: (a: Agreed) => number) => mean(each.map(of).filter(Number.isFinite));
  return { spearman: meanOf((a) => a.spearman), pairwiseAccuracy: meanOf((a) => a.pairwiseAccuracy) };
}
