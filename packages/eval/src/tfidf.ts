import { checkRanges, checkSeed, fold, key, randomBits, withDefaults } from '@lea/core';
import { type TextVectors, unitRows } from './vectors.ts';

/** The constants of {@link tfidfVectors}. */
export interface TfidfOptions {
  /** D, a length of the vectors; default 256. Cosines of unlike texts scatter around 0 by about 1 / sqrt(D). */
  readonly dimensions?: number;
  /** Of the random signs; default 0. */
  readonly seed?: number;
}

/** A value of @lea/tensor. */
export interface TfidfVectors extends TextVectors {
  readonly dtype: 'float32';
  readonly data: Float32Array;
}

/**
 * Text vectors without a pretrained model: tf-idf under a signed random projection.
 *
 * A word (run of letters or digits, lower case) that occurs c times in a text and in n of N texts weighs
 * (1 + ln c) * (1 + ln((1 + N) / (1 + n))), and is a vector of D random signs that depend on the word alone; a text is
 * their sum, scaled to length 1. Cosines approximate those of the tf-idf vectors (Achlioptas 2003).
 *
 * @returns float32 `[N, D]`; zeros for a text without words
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function tfidfVectors(texts: readonly string[], options: TfidfOptions = {}): TfidfVectors {
  const { dimensions, seed } = withDefaults('tfidfVectors', { dimensions: 256, seed: 0 }, options);
  checkRanges('tfidfVectors', { dimensions }, { dimensions: [1, 2 ** 16, 'whole'] });
  checkSeed('tfidfVectors', seed);
  const bags = texts.map(bagOfWords);
  const documents = new Map<string, number>();
  for (const bag of bags) for (const word of bag.keys()) documents.set(word, (documents.get(word) ?? 0) + 1);
  const words = new Map<string, { idf: number; signs: Int8Array }>();
  for (const [word, n] of documents) {
    words.set(word, { idf: 1 + Math.log((1 + texts.length) / (1 + n)), signs: signsOf(word, dimensions, seed) });
  }
  const data = new Float32Array(texts.length * dimensions);
  for (const [text, bag] of bags.entries()) {
    for (const [word, count] of bag) {
      const { idf, signs } = words.get(word)!;
      const weight = (1 + Math.log(count)) * idf;
      for (let d = 0; d < dimensions; d++) data[text * dimensions + d]! += weight * signs[d]!;
    }
  }
  return { dtype: 'float32', shape: [texts.length, dimensions], data: unitRows(data, dimensions) };
}

function bagOfWords(text: string): Map<string, number> {
  const bag = new Map<string, number>();
  for (const [word] of text
    .normalize('NFKC')
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu)) {
    bag.set(word, (bag.get(word) ?? 0) + 1);
  }
  return bag;
}

function signsOf(word: string, dimensions: number, seed: number): Int8Array {
  const { words } = fold(key(seed), word);
  return Int8Array.from({ length: dimensions }, (_, d) => (randomBits(words, d) & 1 ? 1 : -1));
}
