import { createWorld, splitByUser } from '@lea/data';
import { expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { compare } from '../significance.ts';
import { tfidfVectors } from '../tfidf.ts';
import { coOccurrence } from './co-occurrence.ts';
import { popularity } from './popularity.ts';
import { textSimilarity } from './text-similarity.ts';

it('in a world of tastes, histories and texts tell more than popularity', async () => {
  const { catalog, interactions } = createWorld({ seed: 0, users: 300, items: 200 });
  const { train, test } = splitByUser(interactions, { seed: 0 });
  const text = tfidfVectors(catalog.texts);
  const popular = await evaluate(popularity(train), test);
  for (const scorer of [coOccurrence(train), coOccurrence(train, { text }), textSimilarity(train, text)]) {
    const { interval } = compare(await evaluate(scorer, test), popular);
    expect(interval[0], scorer.name).toBeGreaterThan(0);
  }
});
