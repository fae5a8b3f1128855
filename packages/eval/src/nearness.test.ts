import { key, uniform } from '@lea/core';
import { windowsOf } from '@lea/data';
import { describe, expect, it } from 'vitest';
import { coOccurrence } from './baselines/co-occurrence.ts';
import { textSimilarity } from './baselines/text-similarity.ts';
import { textNearness } from './nearness.ts';
import { transitionsOf } from './testing/transitions.ts';

const [items, size] = [23, 6];
const text = { shape: [items, size], data: Array.from(uniform(key(1), items * size), (u) => u - 0.4) };

/** In double precision. */
function cosine(a: number, b: number): number {
  const dot = (x: number, y: number) => {
    let sum = 0;
    for (let d = 0; d < size; d++) sum += text.data[x * size + d]! * text.data[y * size + d]!;
    return sum;
  };
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function near(item: number, power: number): number[] {
  return Array.from({ length: items }, (_, other) => (other === item ? 0 : Math.max(cosine(item, other), 0) ** power));
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

describe('textNearness', () => {
  it.each([1, 2, 3, 4, 2.5, 7])('is the power %d of what is positive in the cosines', (power) => {
    const nearness = textNearness(text, power);
    nearness.prepare([3, 4, 3]);
    for (const item of [3, 22, 4, 0]) {
      const { values, sum } = nearness.row(item);
      for (const [other, value] of near(item, power).entries()) expect(values[other]).toBeCloseTo(value, 5);
      expect(sum).toBeCloseTo(sumOf(near(item, power)), 4);
    }
  });

  it('gives the same rows alone and with others', () => {
    const [one, all] = [textNearness(text), textNearness(text)];
    all.prepare(Array.from({ length: items }, (_, item) => item));
    for (let item = 0; item < items; item++) expect(one.row(item)).toEqual(all.row(item));
  });
});

/** Histories of all lengths up to more than four texts, of which the rows are added together. */
const histories = Array.from({ length: 12 }, (_, length) =>
  Array.from(uniform(key(length), length), (u) => Math.floor(u * items)),
);
const train = transitionsOf([[0, 1, 2, 3, 4, 5]], items);

it('coOccurrence adds the decayed nearness of the whole window', async () => {
  const windows = windowsOf(histories, 10, items);
  const plain = await coOccurrence(train).score(windows);
  for (const textNormalized of [true, false]) {
    const scores = await coOccurrence(train, { text, textNormalized }).score(windows);
    for (const [row, history] of histories.entries()) {
      const wanted = Array.from(plain.subarray(row * items, (row + 1) * items));
      for (const [j, item] of history.slice(-10).reverse().entries()) {
        const values = near(item, 4);
        const scale = (0.3 * 0.6 ** j) / (textNormalized ? sumOf(values) : 1);
        for (const [other, value] of values.entries()) wanted[other]! += scale * value;
      }
      for (const [item, score] of wanted.entries()) expect(scores[row * items + item]).toBeCloseTo(score, 6);
    }
  }
});

it('textSimilarity adds the decayed cosines of the whole window, without those of an item to itself', async () => {
  const scores = await textSimilarity(null, text).score(windowsOf(histories, 10, items));
  for (const [row, history] of histories.entries()) {
    for (let item = 0; item < items; item++) {
      const recent = history.slice(-10).reverse();
      const wanted = recent.map((other, j) => (other === item ? 0 : 0.6 ** j * cosine(item, other)));
      expect(scores[row * items + item]).toBeCloseTo(sumOf(wanted), 5);
    }
  }
});
