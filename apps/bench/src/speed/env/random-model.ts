import { fold, integers, key, normal } from '@lea/core';
import { initDecoder, type LanguageModel, type Tokenizer } from '@lea/env';
import { float32 } from '@lea/tensor';
import type { Shape } from './shapes.ts';

/** Standard deviation of the word vectors. As in trained models it is small, so that logits of random states vary by about 1. */
const WORD_SCALE = 0.05;

/** A language model of a shape with random weights and random tokens. */
export function randomModel({ decoder, words }: Shape, context: number): LanguageModel {
  const { width } = decoder;
  const vectors = normal(fold(key(0), 'words'), words * width);
  for (let i = 0; i < vectors.length; i++) vectors[i]! *= WORD_SCALE;
  return {
    config: decoder,
    context,
    tokenizer: randomTokenizer(words),
    params: { ...initDecoder(key(0), decoder), 'model.embed_tokens.weight': float32(vectors, [words, width]) },
    hash: 'random',
  };
}

/** A tokenizer with one random token per word, or with exactly `limit` tokens for every text. */
function randomTokenizer(size: number): Tokenizer {
  return {
    json: {},
    size,
    start: 0,
    end: 1,
    encode: (text, limit = text.trim().split(/\s+/).length) => [...integers(fold(key(1), text), limit, size)],
    decode: (ids) => ids.join(' '),
  };
}
