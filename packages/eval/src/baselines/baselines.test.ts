import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { textNearness } from '../nearness.ts';
import { expectClose, ranking, scores } from '../testing/histories.ts';
import { transitionsOf } from '../testing/transitions.ts';
import { coOccurrence } from './co-occurrence.ts';
import { lastItemMarkov } from './last-item-markov.ts';
import { popularity } from './popularity.ts';
import { repeatHistory } from './repeat-history.ts';
import { textSimilarity } from './text-similarity.ts';

// Items are chosen 2, 3, 2, 1, 0 times.
const train = transitionsOf(
  [
    [0, 1, 2],
    [0, 1, 3],
    [1, 2],
  ],
  5,
);
const text = { shape: [5, 2], data: Float32Array.of(2, 0, 0, 3, 1, 1, -1, 0, 0, 0) };

describe('counting baselines', () => {
  it('popularity ranks by train counts', async () => {
    expect(await scores(popularity(train), 3, 4)).toEqual([2, 3, 2, 1, 0]);
  });

  it('repeatHistory puts the distinct last items first, most recent first', async () => {
    expect(await ranking(repeatHistory(train), 2, 3, 2)).toEqual([2, 3, 1, 0, 4]);
    expect(await ranking(repeatHistory(train, { window: 1 }), 4, 3, 2)).toEqual([2, 1, 0, 3, 4]);
    expect(await ranking(repeatHistory(train))).toEqual([1, 0, 2, 3, 4]);
  });

  it('lastItemMarkov ranks by direct successions, then by popularity', async () => {
    expect(await ranking(lastItemMarkov(train), 0, 1)).toEqual([2, 3, 1, 0, 4]);
    expect(await ranking(lastItemMarkov(train), 1, 4)).toEqual([1, 0, 2, 3, 4]);
    expect(await ranking(lastItemMarkov(train))).toEqual([1, 0, 2, 3, 4]);
  });

  it('lastItemMarkov ranks equal numbers of successions by index, not by popularity', async () => {
    // Item 1 and the more popular item 2 each followed item 0 once.
    const tied = transitionsOf([[0, 2], [0, 1], [2]], 3);
    expect(await ranking(lastItemMarkov(tied), 0)).toEqual([1, 2, 0]);
  });

  it('read the rows of the set only', async () => {
    const first = { ...train, count: 2, event: Int32Array.of(0, 1), sequence: Int32Array.of(0, 0) };
    expect(await scores(popularity(first))).toEqual([1, 1, 0, 0, 0]);
    expect(await ranking(lastItemMarkov(first), 1)).toEqual([0, 1, 2, 3, 4]);
  });

  it('are evaluated like any scorer', async () => {
    const { ranks, name } = await evaluate(lastItemMarkov(train), transitionsOf([[1, 2, 4]], 5));
    expect([name, ...ranks]).toEqual(['lastItemMarkov', 1, 1, 5]);
  });
});

describe('coOccurrence', () => {
  const share = [2 / 8, 3 / 8, 2 / 8, 1 / 8, 0];
  // Sums of W + M for item 1: 4 + 2; of W for item 0: 2 + .5 + .5.
  const counted = [0, (0.6 * 2) / 6, 4 / 9 + (0.6 * 0.5) / 6, 2 / 9 + (0.6 * 0.5) / 6, 0];

  it('equals its formula by hand', async () => {
    expectClose(
      await scores(coOccurrence(train), 0, 1),
      counted.map((c, i) => c + 0.05 * share[i]!),
    );
  });

  it('ranks an empty history by popularity', async () => {
    expect(await ranking(coOccurrence(train, { text }))).toEqual([1, 0, 2, 3, 4]);
  });

  it('obeys its constants', async () => {
    const scorer = coOccurrence(train, { decay: 0.5, smoothing: 0, popularity: 0, repeat: 2, horizon: 1 });
    // Direct successions only, counted twice for the last item: [.., 4, 2] / 6 and [2] / 2 for item 0.
    expectClose(await scores(scorer, 0, 1), [2 * 0.5, 2 + 0.5, 4 / 6, 2 / 6, 0]);
    expectClose(
      await scores(coOccurrence(train, { window: 1 }), 0, 4),
      share.map((s) => 0.05 * s),
    );
  });

  it('ranks what is in the window below all others where nothing is ever repeated', async () => {
    const { NEGATIVE_INFINITY: never } = Number;
    const given = await scores(coOccurrence(train, { repeat: 'never' }), 0, 1);
    expectClose(given.slice(2), counted.map((c, i) => c + 0.05 * share[i]!).slice(2));
    expect(given.slice(0, 2)).toEqual([never, never]);
    expect(() => coOccurrence(train, { repeat: 'nevr' as never })).toThrow(/repeat/);
  });

  it('adds the text term, in which an item is not near itself and negative cosines count 0', async () => {
    // cos^4 to item 2 is 1/4 for items 0 and 1; to item 0 it is 1/4 for item 2.
    const wanted = [0.5, 0.5, 0.6, 0, 0].map((near, i) => near * 0.3 + 0.05 * share[i]!);
    const scorer = coOccurrence(train, { text, horizon: 1 });
    expect(scorer.name).toBe('coOccurrence + text');
    for (const [item, followers] of [0, (0.6 / (2 + 3)) * 2, 0, 0, 0].entries()) wanted[item]! += followers;
    expectClose(await scores(scorer, 0, 2), wanted, 7);
    expectClose(await scores(scorer, 0, 2), wanted, 7);
    const plain = coOccurrence(train, { text, textNormalized: false, textWeight: 1, textPower: 2, popularity: 0 });
    expectClose(await scores(plain, 2), [0.5, 0.5, 0, 0, 0], 7);
  });

  it('takes texts that several scorers share', async () => {
    const shared = textNearness(text, 2);
    const own = coOccurrence(train, { text, textPower: 2, textNormalized: false });
    expect(await scores(coOccurrence(train, { text: shared, textNormalized: false }), 0, 2)).toEqual(
      await scores(own, 0, 2),
    );
    expect(shared.row(2)).toBe(shared.row(2));
    const refused = expect.objectContaining({ code: 'E_OPTION_VALUE' });
    expect(() => coOccurrence(train, { text: shared, textPower: 4 })).toThrow(refused);
    const short = textNearness({ shape: [4, 2], data: text.data.subarray(0, 8) });
    expect(() => coOccurrence(train, { text: short })).toThrow(refused);
  });

  it('refuses misspelt options and vectors of another catalog', () => {
    expect(() => coOccurrence(train, { decai: 1 } as object)).toThrow(/decay/);
    const short = { shape: [4, 2], data: text.data.subarray(0, 8) };
    const refused = expect.objectContaining({ code: 'E_VECTORS_SHAPE' });
    expect(() => coOccurrence(train, { text: short })).toThrow(refused);
    expect(() => textSimilarity(train, { shape: [5, 3], data: text.data })).toThrow(refused);
  });
});

describe('textSimilarity', () => {
  it('is the decayed sum of cosines to the other items', async () => {
    const scorer = textSimilarity(train, text, { decay: 0.5 });
    expectClose(await scores(scorer, 0, 1), [0, 0, 1.5 / Math.SQRT2, -0.5, 0], 6);
  });

  it('ranks an empty history by popularity, or not at all', async () => {
    expect(await ranking(textSimilarity(train, text))).toEqual([1, 0, 2, 3, 4]);
    expect(await scores(textSimilarity(null, text))).toEqual([0, 0, 0, 0, 0]);
  });

  it('ignores an item without text', async () => {
    expect(await scores(textSimilarity(train, text), 4)).toEqual([0, 0, 0, 0, 0]);
  });
});
