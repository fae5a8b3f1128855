import { createWorld, splitByUser } from '@lea/data';
import { expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { compare } from '../significance/compare.ts';
import { tfidfVectors } from '../tfidf.ts';
import { coOccurrence } from './co-occurrence.ts';
import { ease } from './ease.ts';
import { itemKnn } from './item-knn.ts';
import { popularity } from './popularity.ts';
import { sknn } from './sknn.ts';
import { stan } from './stan.ts';
import { textSimilarity } from './text-similarity.ts';
import { vsknn } from './vsknn.ts';

it('in a world of tastes, histories and texts tell more than popularity', async () => {
  const { itemTexts, interactions } = createWorld({ seed: 0, users: 300, items: 200 });
  const { train, test } = splitByUser(interactions, { seed: 0 });
  const text = tfidfVectors(itemTexts.texts);
  const popular = await evaluate(popularity(train), test);
  const scorers = [
    coOccurrence(train),
    coOccurrence(train, { text }),
    textSimilarity(train, text),
    ...[itemKnn, sknn, vsknn, stan, ease].map((make) => make(train, { repeat: 'never' })),
  ];
  for (const scorer of scorers) {
    const { interval } = compare(await evaluate(scorer, test), popular);
    expect(interval[0], scorer.name).toBeGreaterThan(0);
  }
});
