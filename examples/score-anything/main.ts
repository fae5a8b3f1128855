// Evaluates a handwritten rule next to the counting baselines: any function that scores all items can be evaluated.
import { createWorld, type Scorer, splitByUser, type Windows } from '@lea/data';
import { compare, evaluate, lastItemMarkov, popularity } from '@lea/eval';

const world = createWorld({ users: 400, items: 120 });
const { train, test } = splitByUser(world.interactions, { seed: 0 });
const categories = world.itemTexts.attributes!.category!;

/** Ranks items of the last item's category first, and popular items before others. */
const sameCategory: Scorer = {
  name: 'same category',
  items: categories.length,
  window: 10,
  async score({ items, length, size, window }: Windows) {
    const counts = await popularity(train).score({ items, length, size, window });
    return Float64Array.from(counts, (count, at) => {
      const row = Math.floor(at / categories.length);
      const last = length[row] ? items[row * window + length[row]! - 1]! : -1;
      return count + (categories[at % categories.length] === categories[last] ? 1e6 : 0);
    });
  },
};

export async function main(): Promise<string[]> {
  const rule = await evaluate(sameCategory, test);
  const lines = [`${rule.name.padEnd(20)} NDCG@10 ${rule.metrics['ndcg@10']!.toFixed(4)}`];
  for (const baseline of [popularity(train), lastItemMarkov(train)]) {
    const other = await evaluate(baseline, test);
    const { difference, interval } = compare(rule, other, { metric: 'ndcg@10' });
    const range = interval.map((x) => x.toFixed(4)).join(' to ');
    lines.push(`${other.name.padEnd(20)} NDCG@10 ${other.metrics['ndcg@10']!.toFixed(4)}`);
    lines.push(`  the rule is ${difference.toFixed(4)} above it (95 %: ${range})`);
  }
  return lines;
}

if (import.meta.main) console.log((await main()).join('\n'));
