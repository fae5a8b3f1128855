import { LeaError } from '@lea/core';
import type { Contribution } from './catalog.ts';
import type { Transitions } from './sequences.ts';
import type { Split } from './split/split.ts';

/** A held-out decision whose user had a part in the text of the chosen item. */
export interface TextLeak {
  set: 'validation' | 'test';
  user: string;
  item: string;
  /** Users who had a part in the text, this one included; 1 when nobody else had. */
  contributors: number;
}

export interface TextLeakReport {
  /** One per leaking decision, fewest contributors first, else in the order of the decisions, validation before test. */
  leaks: TextLeak[];
  /** Per set: its decisions, and those that leak. */
  counts: Record<'validation' | 'test', { decisions: number; leaking: number }>;
}

/**
 * Held-out decisions whose own user is among the contributors of the target's text. Such a text tells what the user did, as texts
 * of all users' tags or reviews do: make them of what is known in training. Contributions have no time, so one made
 * before the decision counts as well. O(decisions + contributions).
 *
 * @param contributions that made the texts, by anyone
 * @throws LeaError `E_ID_UNKNOWN` when they name no user or no item of the data: with other ids every split would look safe
 */
export function findTextLeaks(split: Split, contributions: readonly Contribution[]): TextLeakReport {
  checkIds(split.train, contributions);
  const usersOf = new Map<string, Set<string>>();
  for (const { user, item } of contributions) usersOf.set(item, (usersOf.get(item) ?? new Set()).add(user));
  const leaks: TextLeak[] = [];
  const count = (set: 'validation' | 'test') => {
    const { sequences, sequence, event } = split[set];
    const before = leaks.length;
    event.forEach((e, row) => {
      const user = sequences.userIds[sequence[row]!]!;
      const item = sequences.itemIds[sequences.items[e]!]!;
      const users = usersOf.get(item);
      if (users?.has(user)) leaks.push({ set, user, item, contributors: users.size });
    });
    return { decisions: event.length, leaking: leaks.length - before };
  };
  const counts = { validation: count('validation'), test: count('test') };
  return { leaks: leaks.sort((a, b) => a.contributors - b.contributors), counts };
}

function checkIds({ sequences }: Transitions, contributions: readonly Contribution[]): void {
  if (contributions.length === 0) return;
  for (const [name, ids] of [['user', sequences.userIds] as const, ['item', sequences.itemIds] as const]) {
    const known = new Set(ids);
    if (contributions.some((contribution) => known.has(contribution[name]))) continue;
    throw new LeaError('E_ID_UNKNOWN', `No contribution names a known ${name}.`, {
      value: contributions[0]![name],
      hint: `Give the ids that the interactions have, such as "${ids[0]}".`,
    });
  }
}
