import { withDefaults } from '@lea/core';
import * as tf from '@tensorflow/tfjs';
import { crossEntropy, encodeStates } from '../losses/supervised.ts';
import type { Agent, Encoder } from '../types.ts';
import { checkQ, passMode, type QOptions, qBase, qDefaults } from './base.ts';
import { loggedTd } from './critic.ts';

/**
 * Self-supervised Q-learning (Xin et al., SIGIR 2020): L = CE + w 1/2 (y - Q(s,a))^2 with double-Q targets.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function sqn(options: Partial<QOptions> = {}): (encoder: Encoder) => Agent {
  const o = withDefaults('sqn', qDefaults, options);
  checkQ('sqn', o);
  return (encoder) => ({
    ...qBase('sqn', o, encoder),
    phases: [{ name: 'train', optimizer: { lr: o.lr }, start: 'last', steps: 'early-stopping' }],
    loss(input) {
      const { params, batch, frozen } = input;
      const histories = { items: batch.items!, length: batch.length! };
      const states = encodeStates(encoder, params, histories, passMode(input, 'main'));
      const { q, td, terms } = loggedTd('sqn', input, encoder, states.last, o);
      const supervised = crossEntropy(encoder, params, states, batch, frozen.text);
      const loss = tf.mean(tf.add(supervised, tf.mul(td, tf.scalar(o.tdWeight)))) as tf.Scalar;
      const metrics = {
        'loss/ce': tf.mean(supervised),
        'loss/td': tf.mean(td),
        'q/mean': tf.mean(q),
        'q/min': tf.min(q),
      };
      return { loss, metrics, terms: { ce: supervised, td, ...terms } };
    },
  });
}
