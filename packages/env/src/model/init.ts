import { fold, type Key, normal } from '@lea/core';
import { float32, type Values } from '@lea/tensor';
import { type EnvironmentConfig, headNames, itemWidth } from './config.ts';

/** Initial scale of item vectors; tokens are normalized to a root mean square of 1 before their projection. */
const ID_SCALE = 0.02;

/** Root mean square of initial item vectors. */
export const ITEM_RMS: Readonly<Record<EnvironmentConfig['itemInput'], number>> = {
  id: ID_SCALE,
  text: ID_SCALE,
  'id+text': ID_SCALE * Math.SQRT2,
};

/** Initial parameters except those of the decoder. */
export function initEnvironment(key: Key, config: EnvironmentConfig, tokenSize: number): Values {
  const D = itemWidth(config);
  const values: Values = {};
  const put = (name: string, scale: number, ...shape: number[]): void => {
    const size = shape.reduce((a, b) => a * b, 1);
    values[name] = float32(
      normal(fold(key, name), size).map((v) => v * scale),
      shape,
    );
  };
  put('start', ID_SCALE, 1, config.decoder.width);
  if (config.itemInput !== 'text') put('item.id', ID_SCALE, config.items, D);
  if (config.itemInput !== 'id') put('item.projection.weight', ID_SCALE / Math.sqrt(tokenSize), D, tokenSize);
  for (const head of headNames(config)) {
    for (const name of ['query', 'key', 'value']) put(`${head}${name}.weight`, 1 / Math.sqrt(D), D, D);
    values[`${head}norm.weight`] = float32(new Float32Array(D).fill(1), [D]);
    put(`${head}hidden.weight`, 1 / Math.sqrt(4 * D), 2 * D, 4 * D);
    values[`${head}hidden.bias`] = float32(new Float32Array(2 * D), [2 * D]);
    put(`${head}score.weight`, 1 / Math.sqrt(2 * D), 1, 2 * D);
  }
  return values;
}
