import { describe, expect, it } from 'vitest';
import { tfidfVectors } from './tfidf.ts';

function cosine(data: Float32Array, size: number, a: number, b: number): number {
  let sum = 0;
  for (let d = 0; d < size; d++) sum += data[a * size + d]! * data[b * size + d]!;
  return sum;
}

describe('tfidfVectors', () => {
  it('gives one vector of length 1 per text, zeros where there is no word', () => {
    const { data, shape, dtype } = tfidfVectors(['Red wine', 'red WINE!', ' -- '], { dimensions: 64 });
    expect([dtype, ...shape, data.length]).toEqual(['float32', 3, 64, 192]);
    expect(cosine(data, 64, 0, 0)).toBeCloseTo(1, 6);
    expect(cosine(data, 64, 0, 1)).toBeCloseTo(1, 6);
    expect(cosine(data, 64, 2, 2)).toBe(0);
  });

  it('approximates the cosine of tf-idf', () => {
    const texts = ['apple apple pear', 'apple plum', 'stone'];
    const { data } = tfidfVectors(texts, { dimensions: 8192 });
    const idf = (n: number): number => 1 + Math.log(4 / (1 + n));
    const [apple, rare] = [(1 + Math.log(2)) * idf(2), idf(1)];
    const wanted = (apple * idf(2)) / Math.hypot(apple, rare) / Math.hypot(idf(2), rare);
    expect(cosine(data, 8192, 0, 1)).toBeCloseTo(wanted, 1);
    expect(Math.abs(cosine(data, 8192, 0, 2))).toBeLessThan(0.05);
  });

  it('reads any script, and depends on texts and seed alone', () => {
    const texts = ['Ærø brød', 'вода', '水 и вода'];
    expect(tfidfVectors(texts)).toEqual(tfidfVectors(texts));
    expect(tfidfVectors(texts, { seed: 1 }).data).not.toEqual(tfidfVectors(texts).data);
    const { data } = tfidfVectors(texts);
    expect(cosine(data, 256, 1, 2)).toBeGreaterThan(0.3);
  });
});
