import {
  type AgentFactory,
  type CatalogueOptions,
  catalogueDefaults,
  checkCatalogue,
  checkRanges,
  defineAgent,
  halfSquare,
  head,
  historiesOf,
  initHead,
  learningStates,
  loggedTarget,
  neededTarget,
  nextHistoriesOf,
  onePhase,
  passMode,
  qDefaults,
  qParts,
  supervisedLoss,
  valuesOf,
} from '@lea/agents';
import { fold } from '@lea/core';
import { stopGradient, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';

export interface IqlOptions extends CatalogueOptions {
  /** Discount. Default 0.5. Higher looks further ahead. */
  gamma: number;
  /** Which expectile of the logged actions' values V is. Default 0.7; 0.5 is their mean, towards 1 their maximum. */
  expectile: number;
  /** Of the weights exp(A / temperature). Default 1. Lower trusts the advantage more, higher comes close to plain CE. */
  temperature: number;
  /** Step of the moving average that values actions. Default 0.01. Higher follows faster and is less steady. */
  tau: number;
  /** Learning rate of Adam. Default 0.001. */
  lr: number;
}

/**
 * Implicit Q-learning (Kostrikov, Nair, Levine, ICLR 2022) with one encoder under three heads. No action outside of the log
 * is ever valued: V(s) is an expectile of Q'(s, a) over logged actions, Q(s, a) learns r + gamma (1 - done) V(s'), and the
 * supervised term of a row weighs exp(A / temperature), at most 10, with A = Q'(s, a) - V(s).
 */
export const iql: AgentFactory<IqlOptions> = defineAgent<IqlOptions>({
  type: 'iql',
  defaults: { ...catalogueDefaults, gamma: 0.5, expectile: 0.7, temperature: 1, tau: 0.01, lr: 0.001 },
  check(options) {
    checkCatalogue('iql', options);
    checkRanges('iql', options, { gamma: [0, 1], expectile: [0.5, 1], temperature: [0.001, Infinity], tau: [0, 1] });
  },
  build(options, encoder) {
    const parts = qParts({ ...qDefaults, ...options, target: 'polyak' }, encoder);
    return {
      ...parts,
      phases: onePhase(options.lr),
      init: (key, shape, text) => ({
        ...parts.init(key, shape, text),
        ...initHead(fold(key, 'v'), 'v', 1, encoder.outputSize),
      }),
      loss(input) {
        const { params, batch } = input;
        const target = neededTarget(input);
        const states = learningStates(input, encoder);
        const judge = encoder.encode(target, historiesOf(input), passMode(input, 'target'));
        const next = encoder.encode(params, nextHistoriesOf(input), passMode(input, 'next'));

        const q = valuesOf(head(params, 'q', states.last), batch.action!);
        const v = stateValue(params, states.last);
        const advantage = tf.sub(stopGradient(valuesOf(head(target, 'q', judge), batch.action!)), v);
        const y = stopGradient(loggedTarget(batch.reward!, batch.done!, stateValue(params, next), options.gamma));
        const weight = tf.clipByValue(tf.exp(tf.div(stopGradient(advantage), options.temperature)), 0, 10);

        const terms: Tensors = {
          ce: supervisedLoss(encoder, input, states, options, weight),
          td: halfSquare(y, q),
          v: expectileLoss(advantage, options.expectile),
        };
        return {
          loss: tf.mean(tf.addN(Object.values(terms))) as tf.Scalar,
          metrics: {
            'loss/ce': tf.mean(terms.ce!),
            'loss/td': tf.mean(terms.td!),
            'loss/v': tf.mean(terms.v!),
            'weight/mean': tf.mean(weight),
          },
          terms,
        };
      },
    };
  },
});

/** V(s), [B]. */
function stateValue(params: Tensors, states: tf.Tensor2D): tf.Tensor1D {
  return valuesOf(head(params, 'v', states), tf.zeros([states.shape[0]], 'int32')) as tf.Tensor1D;
}

/** |expectile - 1[x < 0]| x^2, elementwise. */
function expectileLoss(x: tf.Tensor, expectile: number): tf.Tensor {
  // A comparison has no gradient: none may lead through it.
  const below = tf.less(stopGradient(x), tf.scalar(0)).toFloat();
  return tf.mul(tf.abs(tf.sub(tf.scalar(expectile), below)), tf.square(x));
}
