import { LeaError } from '@lea/core';
import { checkTransitions, historyWindows, type Rewards, rewardReader, type Transitions } from '@lea/data';
import type { BanditFeedback, Trajectories } from './feedback.ts';
import { type ActionPolicy, checkPolicies, probabilitiesOf } from './policy.ts';

/**
 * The decisions of a set as logged feedback, with propensities of a behavior policy: actions are items, contexts are histories,
 * clusters are users, and the state for tabular models is the last item (0 for an empty history, 1 + item otherwise).
 *
 * @param rewards a number per kind of event such as `{ click: 0.2, purchase: 1 }`, or `logged` for the log's own rewards
 * @throws LeaError `E_REWARD_MISSING`, `E_REWARD_BAD`, `E_REWARD_COUNT`, `E_PROBABILITIES`
 */
export async function feedbackOf(set: Transitions, behavior: ActionPolicy, rewards: Rewards): Promise<BanditFeedback> {
  checkTransitions('feedbackOf', { set });
  checkPolicies('feedbackOf', { behavior });
  const { sequences, event, sequence, count } = set;
  const rewardOf = rewardReader('feedbackOf', sequences, rewards);
  const actions = sequences.itemIds.length;
  const last = historyWindows(
    set,
    Int32Array.from(event, (_, row) => row),
    1,
  );
  const propensity = new Float64Array(count);
  const feedback: BanditFeedback = {
    actions,
    action: Int32Array.from(event, (e) => sequences.items[e]!),
    reward: Float64Array.from(event, rewardOf),
    propensity,
    cluster: Int32Array.from(sequence),
    state: Int32Array.from(last.length, (length, row) => (length > 0 ? last.items[row]! + 1 : 0)),
    histories: (rounds, window) => historyWindows(set, rounds, window),
  };
  // Probabilities of large catalogs take much memory.
  const batch = Math.max(1, Math.min(256, Math.floor(2 ** 22 / actions)));
  for (let start = 0; start < count; start += batch) {
    const rounds = Int32Array.from({ length: Math.min(batch, count - start) }, (_, i) => start + i);
    const rows = await probabilitiesOf(behavior, feedback, rounds);
    for (const [i, round] of rounds.entries()) propensity[round] = rows[i * actions + feedback.action[round]!]!;
  }
  return feedback;
}

/**
 * The decisions of a set as trajectories, one per user: {@link feedbackOf} with offsets and a discount.
 *
 * @param discount per step, from 0 to 1
 * @throws LeaError the errors of {@link feedbackOf}, `E_FEEDBACK` (a discount that is none)
 */
export async function trajectoriesOf(
  set: Transitions,
  behavior: ActionPolicy,
  rewards: Rewards,
  discount: number,
): Promise<Trajectories> {
  if (!(typeof discount === 'number' && discount >= 0 && discount <= 1)) {
    throw new LeaError('E_FEEDBACK', 'trajectoriesOf: discount must be a number from 0 to 1.', { value: discount });
  }
  const feedback = await feedbackOf(set, behavior, rewards);
  const offsets = [0];
  for (let row = 1; row < set.count; row++) if (set.sequence[row] !== set.sequence[row - 1]) offsets.push(row);
  return { ...feedback, offsets: Int32Array.from([...offsets, set.count]), discount };
}
