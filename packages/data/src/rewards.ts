import { LeaError, nearest } from '@lea/core';

/**
 * The reward of each kind, in the order of `kinds`.
 *
 * @param table e.g. `{ click: 0.2, purchase: 1 }`; entries for kinds that do not occur are allowed
 * @throws LeaError `E_REWARD_MISSING`, `E_REWARD_BAD` (not a finite number)
 */
export function rewardsOf(kinds: readonly string[], table: Readonly<Record<string, number>>): number[] {
  for (const [kind, reward] of Object.entries(table)) {
    if (!Number.isFinite(reward)) {
      throw new LeaError('E_REWARD_BAD', `The reward of kind "${kind}" is not a finite number.`, {
        value: reward,
        hint: 'Give a number, such as 0.2 for a click and 1 for a purchase.',
      });
    }
  }
  return kinds.map((kind) => {
    if (Object.hasOwn(table, kind)) return table[kind]!;
    const near = nearest(kind, Object.keys(table));
    throw new LeaError('E_REWARD_MISSING', `No reward is given for events of kind "${kind}".`, {
      value: table,
      hint: `${near ? `Is it the one called "${near}"? ` : ''}Add "${kind}" to the rewards.`,
    });
  });
}
