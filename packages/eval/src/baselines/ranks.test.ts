import { fold, integers, key } from '@lea/core';
import type { Scorer } from '@lea/data';
import { expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { transitionsOf } from '../testing/transitions.ts';
import { coOccurrence } from './co-occurrence.ts';
import { itemKnn } from './item-knn.ts';
import { lastItemMarkov } from './last-item-markov.ts';
import { repeatHistory } from './repeat-history.ts';
import { sequentialRules } from './sequential-rules.ts';
import { vsknn } from './vsknn.ts';

const items = 23;
const draw = (label: string, users: number) =>
  Array.from({ length: users }, (_, user) => [...integers(fold(key(3), `${label} ${user}`), 2 + (user % 6), items)]);
const train = transitionsOf(draw('train', 30), items);
const test = transitionsOf(draw('test', 40), items);
const text = { shape: [items, 3], data: Float32Array.from({ length: 3 * items }, (_, i) => Math.sin(i * i)) };

it.each([
  coOccurrence(train),
  coOccurrence(train, { text, repeat: 'never' }),
  itemKnn(train),
  lastItemMarkov(train),
  repeatHistory(train),
  sequentialRules(train),
  vsknn(train),
])('$name counts the ranks of its scores', async (scorer) => {
  const { ranks: _, ...byScores }: Scorer = scorer;
  for (const exclude of ['none', 'seen'] as const) {
    expect(await evaluate(scorer, test, { exclude, batch: 7 })).toEqual(await evaluate(byScores, test, { exclude }));
  }
});

it('ranks a copy with other scores by these', async () => {
  const scorer = { ...coOccurrence(train), score: ({ size }) => new Float32Array(size * items) } satisfies Scorer;
  const { ranks, target } = await evaluate(scorer, test);
  expect([...ranks]).toEqual(Array.from(target, (item) => item + 1));
});
