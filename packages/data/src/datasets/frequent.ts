import type { Interactions } from '../interactions.ts';
import { interactionsOf } from '../interactions-of.ts';

/**
 * Leaves out users with fewer than `fewest` events, then items with fewer than `fewest` of the events that are left. Both are
 * done once, as in the code of the SQN authors, so sequences may end up shorter.
 *
 * @throws LeaError `E_DATA_EMPTY` when no event is left
 */
export function frequentOnly(data: Interactions, fewest: number): Interactions {
  const { userIds, itemIds, kinds, user, item, time, kind, reward } = data;
  const perUser = new Int32Array(userIds.length);
  for (const u of user) perUser[u]!++;
  const perItem = new Int32Array(itemIds.length);
  for (const [event, u] of user.entries()) if (perUser[u]! >= fewest) perItem[item[event]!]!++;
  const events = Array.from(user.keys()).filter(
    (event) => perUser[user[event]!]! >= fewest && perItem[item[event]!]! >= fewest,
  );
  const kept = interactionsOf({
    user: events.map((event) => userIds[user[event]!]!),
    item: events.map((event) => itemIds[item[event]!]!),
    time: events.map((event) => time[event]!),
    kind: events.map((event) => kinds[kind[event]!]!),
    ...(reward && { reward: events.map((event) => reward[event]!) }),
  });
  return { ...kept, info: { notes: [...data.info.notes, ...kept.info.notes] } };
}
