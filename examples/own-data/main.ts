// Uses a custom data set, baseline and measure in a program; the bench finds them by their names.
import { splitByUser } from '@lea/data';
import { evaluate, popularity } from '@lea/eval';
import { jsonLines, recentPopularity } from './src/index.ts';

export async function main(): Promise<string[]> {
  // #region use
  const { interactions } = await jsonLines({ file: 'log.jsonl' }, import.meta.dirname);
  const { train, test } = splitByUser(interactions);
  const scorers = [popularity(train), recentPopularity(train, { last: 1 })];
  // #endregion use
  const evaluations = await Promise.all(scorers.map((scorer) => evaluate(scorer, test, { ks: [10] })));
  return [
    `${interactions.userIds.length} users, ${interactions.itemIds.length} items, ${interactions.item.length} events`,
    ...evaluations.map(({ name, metrics }) => `${name}: rbp@10 ${metrics['rbp@10']!.toFixed(4)}`),
  ];
}

if (import.meta.main) console.log((await main()).join('\n'));
