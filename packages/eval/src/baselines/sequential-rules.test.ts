import { readFile } from 'node:fs/promises';
import { sequences as sequencesOf, transitions } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { expect, it } from 'vitest';
import { expectClose, ranking, scores } from '../testing/histories.ts';
import { transitionsOf } from '../testing/transitions.ts';
import { sequentialRules } from './sequential-rules.ts';

const sequences = [
  [0, 1, 2],
  [0, 2, 1],
  [3, 0],
];
const train = transitionsOf(sequences, 5);
// Items are chosen 3, 2, 2, 1 and 0 times.
const wanted = (...given: number[]): number[] =>
  given.map((score, item) => score + (1e-6 * [3, 2, 2, 1, 0][item]!) / 8);

it('sums the inverse distances of what followed the last item', async () => {
  expectClose(await scores(sequentialRules(train), 0), wanted(0, 1.5, 1.5, 0, 0));
  expectClose(await scores(sequentialRules(train), 2, 0), wanted(0, 1.5, 1.5, 0, 0));
  expectClose(await scores(sequentialRules(train, { steps: 1 }), 0), wanted(0, 1, 1, 0, 0));
  expectClose(await scores(sequentialRules(train, { distancePower: 2 }), 0), wanted(0, 1.25, 1.25, 0, 0));
  expectClose(await scores(sequentialRules(train, { distancePower: 0 }), 0), wanted(0, 2, 2, 0, 0));
});

it('keeps the strongest rules, of equal ones that to the smaller item', async () => {
  expectClose(await scores(sequentialRules(train, { neighbors: 1 }), 0), wanted(0, 1.5, 0, 0, 0));
});

it('ranks items without a rule, and empty histories, by popularity', async () => {
  expect(await ranking(sequentialRules(train), 3)).toEqual([0, 1, 2, 3, 4]);
  expect(await ranking(sequentialRules(train))).toEqual([0, 1, 2, 3, 4]);
});

interface Lists {
  readonly options: { readonly steps: number; readonly distancePower: number; readonly neighbors: number };
  /** Last item, then the recommended items and their scores; the best score is 1. */
  readonly rows: readonly {
    readonly last: string;
    readonly items: readonly string[];
    readonly scores: readonly number[];
  }[];
}

const data = process.env.LEA_DATA;

it.skipIf(!data)('has the lists of session-rec for RC15 (skipped unless LEA_DATA is set)', async () => {
  const lists = JSON.parse(
    await readFile(new URL('../fixtures/session-rec/sr.json', import.meta.url), 'utf8'),
  ) as Lists;
  const log = await readInteractions(`${data}/yoochoose_rc15/clicks_100k/yoochoose-clicks-100k_train_full.txt.gz`, {
    columns: { user: 'SessionId', item: 'ItemId', time: 'Time' },
  });
  const place = new Map(log.itemIds.map((id, item) => [id, item]));
  const scorer = sequentialRules(transitions(sequencesOf(log)), lists.options);
  for (const { last, items, scores: theirs } of lists.rows) {
    const own = await scores(scorer, place.get(last)!);
    const best = Math.max(...own);
    // The millionth of popularity breaks ties here; session-rec leaves them to the order of its list.
    for (const [i, item] of items.entries()) expect(own[place.get(item)!]! / best).toBeCloseTo(theirs[i]!, 5);
  }
});
