import { float32, type Value } from '@lea/tensor';

/** Normalized item tokens, with the constants to normalize tokens of new items in the same way. */
export interface NormalizedTokens {
  /** Normalized tokens, [items, size]. */
  readonly vectors: Value;
  /** The subtracted mean, [size]. */
  readonly mean: Value;
  /** The factor after subtraction, [1]. */
  readonly scale: Value;
}

/**
 * Centers item tokens and scales them to a root mean square of 1. The mean is subtracted because it is common to all items
 * and would dominate dot products.
 */
export function normalizeTokens(tokens: Value): NormalizedTokens {
  const [count, size] = tokens.shape as [number, number];
  const data = Float32Array.from(tokens.data);
  const mean = new Float64Array(size);
  for (let i = 0; i < data.length; i++) mean[i % size]! += data[i]! / count;
  let square = 0;
  for (let i = 0; i < data.length; i++) {
    data[i]! -= mean[i % size]!;
    square += data[i]! ** 2;
  }
  const scale = square > 0 ? 1 / Math.sqrt(square / data.length) : 1;
  return {
    vectors: float32(
      data.map((v) => v * scale),
      [count, size],
    ),
    mean: float32(Float32Array.from(mean), [size]),
    scale: float32([scale]),
  };
}

/** Appends tokens of new items [more, size], normalized with the same mean and scale. */
export function withMoreTokens({ vectors, mean, scale }: NormalizedTokens, more: Value): NormalizedTokens {
  const [count, size] = vectors.shape as [number, number];
  const data = new Float32Array(vectors.data.length + more.data.length);
  data.set(vectors.data);
  for (let i = 0; i < more.data.length; i++) {
    data[vectors.data.length + i] = (more.data[i]! - mean.data[i % size]!) * scale.data[0]!;
  }
  return { vectors: float32(data, [count + more.shape[0]!, size]), mean, scale };
}
