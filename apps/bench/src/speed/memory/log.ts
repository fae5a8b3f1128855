import { key, uniform } from '@lea/core';
import type { Transitions } from '@lea/data';

/** Number of events per user, and the exponent of popularity: the item of rank r has a probability of about 1 / r^EXPONENT. */
const [LENGTH, EXPONENT] = [10, 0.8];

/**
 * A log of users who prefer popular items and often choose one of a few items that go with the previous one. The rows of the
 * neighbor tables are then as long and as uneven as those of real logs.
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
