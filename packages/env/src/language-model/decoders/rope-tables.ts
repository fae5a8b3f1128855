import { embedding } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type DecoderConfig, type RopeScaling, rotatedOf } from './config.ts';

/**
 * Tables of cos and sin of position times frequency, each [length, rotated / 2].
 *
 * @param isWindow whether the tables are for layers with a window
 * @param positions int32 [B, T] below `length`; if given, the tables are [B, T, rotated / 2] for these positions
 */
export function ropeTablesOf(
  config: DecoderConfig,
  length: number,
  isWindow: boolean,
  positions?: tf.Tensor,
): { cos: tf.Tensor; sin: tf.Tensor } {
  const own = isWindow && config.windowRopeTheta !== undefined;
  const theta = own ? config.windowRopeTheta! : (config.ropeTheta ?? 10000);
  const frequencies = ropeFrequencies(rotatedOf(config), theta, own ? undefined : config.ropeScaling);
  const half = frequencies.length;
  const angles = Float64Array.from({ length: length * half }, (_, n) => Math.floor(n / half) * frequencies[n % half]!);
  const table = (of: (angle: number) => number): tf.Tensor => {
    const all = tf.tensor(Float32Array.from(angles, of), [length, half]);
    return positions ? embedding(all, positions) : all;
  };
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** Rotary frequencies theta^(-2i/d) for i < d/2, with scaling. */
export function ropeFrequencies(rotated: number, theta: number, scaling?: RopeScaling): Float64Array {
  const plain = Float64Array.from({ length: rotated / 2 }, (_, i) => theta ** ((-2 * i) / rotated));
  if (!scaling) return plain;
  const { factor } = scaling;
  if (scaling.type === 'linear') return plain.map((f) => f / factor);
  const { low, high, length } = scaling;
  return plain.map((f) => {
    const turns = (length * f) / (2 * Math.PI);
    if (turns < low) return f / factor;
    if (turns > high) return f;
    const kept = (turns - low) / (high - low);
    return (1 - kept) * (f / factor) + kept * f;
  });
}
