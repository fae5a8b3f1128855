import { withDefaults } from '@lea/core';
import * as tf from '@tensorflow/tfjs';
import { checkRanges } from '../checks.ts';
import { crossEntropy, encodeStates } from '../losses/supervised.ts';
import type { Agent, Encoder, LossInput, LossResult } from '../types.ts';
import { checkQ, passMode, type QOptions, qBase, qDefaults } from './base.ts';
import { bothTds, type Logged, type Negatives } from './critic.ts';

export interface SnqnOptions extends QOptions {
  /** Negative actions drawn per row and step. Default 10, about the best in the paper. */
  negatives: number;
  /** Their reward. Default 0; the paper found -0.5 to -2 to matter little. */
  negativeReward: number;
}

export const snqnDefaults: SnqnOptions = { ...qDefaults, negatives: 10, negativeReward: 0 };

/**
 * SQN with sampled negative actions (Xin et al., WSDM 2022): L = CE + w (1/2 (y - Q(s,a))^2 + sum_j 1/2 (y_n - Q(s,n_j))^2),
 * y_n = r_n + gamma Q'(s, argmax Q(s, .)): a negative leaves the state unchanged and is never masked by `done`.
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function snqn(options: Partial<SnqnOptions> = {}): (encoder: Encoder) => Agent {
  const o = withDefaults('snqn', snqnDefaults, options);
  checkSnqn('snqn', o);
  return (encoder) => ({
    ...qBase('snqn', o, encoder),
    phases: [{ name: 'train', optimizer: { lr: o.lr }, start: 'last', steps: 'early-stopping' }],
    loss: (input) => snqnLoss('snqn', input, encoder, o),
  });
}

/** @throws LeaError `E_OPTION_VALUE` */
export function checkSnqn(name: string, options: SnqnOptions): void {
  checkQ(name, options);
  checkRanges(name, options, { negatives: [1, Infinity, 'whole'], negativeReward: [-Infinity, Infinity] });
}

/** What a weighting of the supervised term gives: weights [B] without gradient, and what to log. */
export interface Weighting {
  readonly weight: tf.Tensor;
  readonly metrics: LossResult['metrics'];
  readonly terms: LossResult['terms'];
}

/** The loss of SNQN; `weigh` makes a weight of the supervised term out of the values. */
export function snqnLoss(
  name: string,
  input: LossInput,
  encoder: Encoder,
  o: SnqnOptions,
  weigh?: (logged: Logged, negative: Negatives) => Weighting,
): LossResult {
  const { params, batch, frozen } = input;
  const histories = { items: batch.items!, length: batch.length! };
  const states = encodeStates(encoder, params, histories, passMode(input, 'main'));
  const { logged, negative } = bothTds(name, input, encoder, states.last, o);
  const weighting = weigh?.(logged, negative);
  const supervised = crossEntropy(encoder, params, states, batch, frozen.text, weighting?.weight);
  const td = tf.add(logged.td, negative.td);
  return {
    loss: tf.mean(tf.add(supervised, tf.mul(td, tf.scalar(o.tdWeight)))) as tf.Scalar,
    metrics: {
      'loss/ce': tf.mean(supervised),
      'loss/td': tf.mean(logged.td),
      'loss/td_negative': tf.mean(negative.td),
      'q/mean': tf.mean(logged.q),
      'q/min': tf.min(logged.q),
      ...weighting?.metrics,
    },
    terms: {
      ce: supervised,
      td: logged.td,
      tdNegative: negative.td,
      ...logged.terms,
      ...negative.terms,
      ...weighting?.terms,
    },
  };
}
