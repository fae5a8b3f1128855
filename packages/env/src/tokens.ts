import { float32, type Value } from '@lea/tensor';

/**
 * Item tokens as the environment takes them: mean-centred (the mean of text vectors says nothing about an item and
 * would dominate their products) and scaled to a root mean square of 1.
 */
export function normaliseTokens(tokens: Value): Value {
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
  return float32(
    data.map((v) => v * scale),
    [count, size],
  );
}
