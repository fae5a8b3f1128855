import { key, uniform } from '@lea/core';
import type { Transitions } from '@lea/data';

/** Events of a user, and how unequal items are: the chance of the item of rank r falls as 1 / r^EXPONENT. */
const [LENGTH, EXPONENT] = [10, 0.8];

/**
 * Users who choose popular items more often, and after an item often one of a few that go with it: rows of neighbors are as
 * long and as uneven as in logs of people.
 */
export function unevenLog(events: number, items: number): Transitions {
  const users = Math.max(2, Math.ceil(events / LENGTH));
  const count = users * LENGTH;
  const draws = uniform(key(0), 2 * count);
  const chosen = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const [draw, way] = [draws[2 * i]!, draws[2 * i + 1]!];
    const popular = Math.min(items - 1, Math.floor(items * draw ** (1 / (1 - EXPONENT))));
    const goesWith = i % LENGTH === 0 ? popular : (chosen[i - 1]! * 31 + Math.floor(20 * draw)) % items;
    chosen[i] = way < 0.5 ? popular : goesWith;
  }
  const offsets = Int32Array.from({ length: users + 1 }, (_, user) => user * LENGTH);
  return {
    sequences: {
      userIds: Array.from({ length: users }, (_, user) => String(user)),
      itemIds: Array.from({ length: items }, (_, item) => String(item)),
      kinds: ['click'],
      offsets,
      items: chosen,
      kind: new Uint8Array(count),
      time: Float64Array.from({ length: count }, (_, i) => i),
    },
    count,
    event: Int32Array.from({ length: count }, (_, i) => i),
    sequence: Int32Array.from({ length: count }, (_, i) => Math.floor(i / LENGTH)),
    done: Uint8Array.from({ length: count }, (_, i) => (i % LENGTH === LENGTH - 1 ? 1 : 0)),
  };
}
