import {
  checkArrays,
  checkTexts,
  fold,
  type Given,
  key,
  type OptionsSchema,
  option,
  parseOptions,
  randomBits,
  seed,
  whole,
} from '@lea/core';
import { type TextVectors, unitRows } from './vectors.ts';

/** Options of {@link tfidfVectors}. */
export interface TfidfOptions {
  /** Dimension D of the vectors. Cosines of unrelated texts vary around 0 by about 1 / sqrt(D). Default: 256. */
  readonly dimensions: number;
  /** Seed of the random signs. Default: 0. */
  readonly seed: number;
}

/** Defaults and checks of {@link TfidfOptions}. */
export const tfidfSchema: OptionsSchema<TfidfOptions> = {
  dimensions: option(whole(1, 2 ** 16), 256),
  seed: option(seed, 0),
};

/** Text vectors in the form of a `Value` of @lea/tensor. */
export interface TfidfVectors extends TextVectors {
  /** Element type. */
  readonly dtype: 'float32';
  /** Elements in row-major order. */
  readonly data: Float32Array;
}

/**
 * Text vectors without a pretrained model: tf-idf with a signed random projection.
 *
 * A word (a run of letters or digits, in lower case) that occurs c times in a text and in n of N texts has the weight
 * (1 + ln c) * (1 + ln((1 + N) / (1 + n))) and a vector of D random signs that depends only on the word. The vector of a text
 * is the weighted sum, scaled to length 1. Cosines approximate those of tf-idf vectors (Achlioptas 2003).
 *
 * @returns float32 `[N, D]`; zeros for a text without words
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function tfidfVectors(texts: readonly string[], options?: Given<TfidfOptions>): TfidfVectors {
  checkArrays('tfidfVectors', { texts });
  for (const text of texts) checkTexts('tfidfVectors', { text });
  const { dimensions, seed } = parseOptions('tfidfVectors', tfidfSchema, options);
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
