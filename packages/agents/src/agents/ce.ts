import { withDefaults } from '@lea/core';
import * as tf from '@tensorflow/tfjs';
import { checkRanges } from '../checks.ts';
import { crossEntropy, encodeStates } from '../losses/supervised.ts';
import type { Agent, Encoder } from '../types.ts';
import { passMode, supervisedBase } from './base.ts';

export interface CeOptions {
  /** Learning rate of Adam. Default 0.001. */
  lr: number;
}

/**
 * The supervised recommender: L = -log softmax(f(s))[a], full softmax.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function ce(options: Partial<CeOptions> = {}): (encoder: Encoder) => Agent {
  const o = withDefaults('ce', { lr: 0.001 }, options);
  checkRanges('ce', o, { lr: [0, Infinity] });
  return (encoder) => ({
    ...supervisedBase('ce', o, encoder),
    phases: [{ name: 'train', optimizer: { lr: o.lr }, start: 'last', steps: 'early-stopping' }],
    loss(input) {
      const { params, batch, frozen } = input;
      const histories = { items: batch.items!, length: batch.length! };
      const states = encodeStates(encoder, params, histories, passMode(input, 'main'));
      const terms = { ce: crossEntropy(encoder, params, states, batch, frozen.text) };
      const loss = tf.mean(terms.ce) as tf.Scalar;
      return { loss, metrics: { 'loss/ce': loss }, terms };
    },
  });
}
