import { LeaError, nearest } from '@lea/core';
import { fits } from './logged-rewards.ts';
import type { Sequences } from './sequences.ts';

/**
 * The rewards of events: `logged` for the log's own column of rewards, a number per kind such as `{ click: 0.2, purchase: 1 }`, or
 * a list in the order of `kinds`.
 */
export type Rewards = 'logged' | Readonly<Record<string, number>> | ArrayLike<number>;

/** Checked rewards: the log's own, or one per kind, in the order of `kinds`. */
export type CheckedRewards = 'logged' | readonly number[];

type RewardSource = Pick<Sequences, 'kinds' | 'kind' | 'reward'>;

/**
 * Checks rewards against a log.
 *
 * @param what the function that got them, for errors
 * @returns `logged`, or a reward per kind, in the order of `kinds`
 * @throws LeaError `E_REWARD_MISSING` (a kind without reward, or a log without rewards), `E_REWARD_BAD`, `E_REWARD_COUNT`
 */
export function checkedRewards(
  what: string,
  { kinds, reward }: Omit<RewardSource, 'kind'>,
  rewards: Rewards,
): CheckedRewards {
  if (rewards === 'logged') {
    if (reward) return rewards;
    throw new LeaError('E_REWARD_MISSING', `${what}: the log has no rewards of its own.`, {
      value: rewards,
      hint: "Read their column: readInteractions(path, { columns: { reward: 'price' } }), or give a number per kind.",
    });
  }
  if (Array.isArray(rewards) || ArrayBuffer.isView(rewards))
    return checkedList(what, kinds, rewards as ArrayLike<number>);
  if (typeof rewards === 'object' && rewards !== null)
    return checkedTable(what, kinds, rewards as Record<string, number>);
  throw new LeaError('E_REWARD_BAD', `${what}: rewards must be "logged", or a number per kind of event.`, {
    value: rewards,
    hint: `For example { ${kinds.map((kind) => `${JSON.stringify(kind)}: 1`).join(', ')} }.`,
  });
}

/** A number per kind, in the order of `kinds`; a table may have entries for kinds that do not occur. */
function checkedTable(what: string, kinds: readonly string[], table: Readonly<Record<string, number>>): number[] {
  for (const [kind, reward] of Object.entries(table)) {
    if (!(typeof reward === 'number' && fits(reward))) {
      throw new LeaError('E_REWARD_BAD', `${what}: the reward of kind "${kind}" must be a finite number.`, {
        value: reward,
        hint: 'For example, use 0.2 for a click and 1 for a purchase.',
      });
    }
  }
  return kinds.map((kind) => {
    if (Object.hasOwn(table, kind)) return table[kind]!;
    const typo = nearest(
      kind,
      Object.keys(table).filter((name) => !kinds.includes(name)),
    );
    throw new LeaError('E_REWARD_MISSING', `${what}: events of kind "${kind}" have no reward.`, {
      value: table,
      hint: typo
        ? `Rename "${typo}" to "${kind}" in the rewards.`
        : `Add "${kind}" to the rewards, or drop these events: kinds: { "${kind}": null } when the log is read.`,
    });
  });
}

function checkedList(what: string, kinds: readonly string[], rewards: ArrayLike<number>): readonly number[] {
  const list = Array.from(rewards);
  if (list.length !== kinds.length) {
    throw new LeaError(
      'E_REWARD_COUNT',
      `${what}: expected ${kinds.length} rewards, one per kind (${kinds.join(', ')}).`,
      {
        value: rewards,
        hint: 'Name them: { click: 0.2, purchase: 1 }.',
      },
    );
  }
  const bad = list.findIndex((one) => !(typeof one === 'number' && fits(one)));
  if (bad < 0) return list;
  throw new LeaError('E_REWARD_BAD', `${what}: the reward of kind "${kinds[bad]}" must be a finite number.`, {
    value: list[bad],
    hint: 'For example, use 0.2 for a click and 1 for a purchase.',
  });
}

/**
 * The reward of each event, by its position in the sequences.
 *
 * @param what the function that got the rewards, for errors
 * @throws LeaError the errors of `checkedRewards`
 */
export function rewardReader(what: string, from: RewardSource, rewards: Rewards): (event: number) => number {
  const { kind, reward } = from;
  const checked = checkedRewards(what, from, rewards);
  return checked === 'logged' ? (event) => reward![event]! : (event) => checked[kind[event]!]!;
}
