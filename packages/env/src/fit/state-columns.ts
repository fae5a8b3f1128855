import { embedding, specsOf, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { decode } from '../language-model/decoders/decode.ts';
import { segmentMask, segmentPositions } from '../language-model/decoders/masks.ts';
import type { EnvironmentConfig } from '../model/config.ts';
import { decoderInputs } from '../model/connector.ts';
import { itemTables, withPrefix } from '../model/network.ts';
import { type Runtime, ready } from '../shared/runtime.ts';

/** Keeps the scale of a column finite that is the same in all states, relative to the mean variance. */
const LEAST = 1e-6;

/**
 * Measures the columns of a decoder's states at the predicted positions of a batch, before the fit: their mean and the inverse
 * of their deviation, [decoder width] each.
 *
 * @param params all parameters, and `tokens` if items have them
 * @param inputs a batch of `packSegments`
 */
export async function stateColumns(
  config: EnvironmentConfig,
  params: Values,
  inputs: Values,
  runtime: Runtime,
): Promise<Values> {
  const runner = await ready(
    ({ inputs: { items, segment, weight }, frozen }) => {
      const { input } = itemTables(frozen, config, frozen.tokens);
      const history = embedding(withPrefix(input, frozen, config), items!);
      const mode = { mask: segmentMask(segment!), positions: segmentPositions(segment!) };
      const states = tf.reshape(decode(frozen, config.decoder, decoderInputs(config, history), mode), [
        -1,
        config.decoder.width,
      ]);
      const share = tf.div(tf.reshape(weight!, [1, -1]), tf.maximum(tf.sum(weight!), 1));
      const mean = tf.reshape(tf.matMul(share, states), [-1]);
      const variance = tf.reshape(tf.matMul(share, tf.square(tf.sub(states, mean))), [-1]);
      const least = tf.add(tf.mul(tf.mean(variance), LEAST), 1e-12);
      return { state: {}, outputs: { mean, scale: tf.rsqrt(tf.add(variance, least)) } };
    },
    { inputs: specsOf(inputs), frozen: specsOf(params) },
    runtime,
    'direct',
  );
  try {
    const { mean, scale } = (await runner.run({ inputs, frozen: params })).outputs;
    return { 'connector.mean': mean!, 'connector.scale': scale! };
  } finally {
    await runner.dispose();
  }
}
