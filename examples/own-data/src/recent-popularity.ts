import { option, whole } from '@lea/core';
import { type BaselineFactory, defineBaseline } from '@lea/eval';

export const recentPopularity: BaselineFactory<{ last: number }> = defineBaseline({
  type: 'recent-popularity',
  schema: { last: option(whole(1), 3) },
  grid: { last: [1, 3, 10] },
  build({ sequences, event, sequence }, { last }) {
    const items = sequences.itemIds.length;
    const counts = new Float64Array(items);
    for (const [row, e] of event.entries()) {
      const end = sequences.offsets[sequence[row]! + 1]!;
      if (e >= end - last) counts[sequences.items[e]!]!++;
    }
    return {
      name: 'recent popularity',
      items,
      window: 1,
      score: ({ size }) => Float64Array.from({ length: size * items }, (_, i) => counts[i % items]!),
    };
  },
});
