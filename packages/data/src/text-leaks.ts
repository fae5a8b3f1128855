import { checkArrays, LeaError } from '@lea/core';
import { checkSplits } from './arguments.ts';
import type { Contribution } from './item-texts.ts';
import type { Transitions } from './sequences.ts';
import type { Split } from './split/split.ts';

/** A held-out decision whose user contributed to the text of the chosen item. */
export interface TextLeak {
  /** Set of the decision. */
  set: 'validation' | 'test';
  /** Raw user id. */
  user: string;
  /** Raw id of the chosen item. */
  item: string;
  /** Number of users who contributed to the text, including this one. */
  contributors: number;
}

/** The result of `findTextLeaks`. */
export interface TextLeakReport {
  /** One per leaking decision, fewest contributors first; ties are in the order of the decisions, validation before test. */
  leaks: TextLeak[];
  /** Per set: number of decisions, and number of decisions that leak. */
  counts: Record<'validation' | 'test', { decisions: number; leaking: number }>;
}

/**
 * Finds held-out decisions whose user is among the contributors of the target's text. Such a text reveals what the user did,
 * for example when it is made of all users' tags or reviews. Build texts only from data known in training. Contributions have
 * no times, so contributions made before the decision count as well. O(decisions + contributions).
 *
 * @param contributions all contributions that went into the texts
 * @throws LeaError `E_ID_UNKNOWN` when no contribution names a user or an item of the data: with foreign ids every split would
 *   look safe
 */
export function findTextLeaks(split: Split, contributions: readonly Contribution[]): TextLeakReport {
  checkSplits('findTextLeaks', { split });
  checkArrays('findTextLeaks', { contributions });
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
    throw new LeaError('E_ID_UNKNOWN', `None of the contributions names a known ${name}.`, {
      value: contributions[0]![name],
      hint: `Use the raw ids of the interactions, such as "${ids[0]}".`,
    });
  }
}
