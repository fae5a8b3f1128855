import { checkArrays, checkObjects, LeaError, nearest } from '@lea/core';

/**
 * The reward of each kind of event, in the order of `kinds`.
 *
 * @param table e.g. `{ click: 0.2, purchase: 1 }`; may have entries for kinds that do not occur
 * @throws LeaError `E_REWARD_MISSING`, `E_REWARD_BAD` (not a finite number)
 */
export function rewardsOf(kinds: readonly string[], table: Readonly<Record<string, number>>): number[] {
  checkArrays('rewardsOf', { kinds });
  checkObjects('rewardsOf', { table });
  for (const [kind, reward] of Object.entries(table)) {
    if (!Number.isFinite(reward)) {
      throw new LeaError('E_REWARD_BAD', `The reward of kind "${kind}" must be a finite number.`, {
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
    throw new LeaError('E_REWARD_MISSING', `Events of kind "${kind}" have no reward.`, {
      value: table,
      hint: typo
        ? `Rename "${typo}" to "${kind}" in the rewards.`
        : `Add "${kind}" to the rewards, or drop these events: kinds: { "${kind}": null } when the log is read.`,
    });
  });
}
