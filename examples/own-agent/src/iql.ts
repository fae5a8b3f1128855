import {
  type AgentFactory,
  allValues,
  defineAgent,
  halfSquare,
  head,
  historiesOf,
  initHead,
  learningStates,
  loggedTarget,
  meanLoss,
  neededTarget,
  nextHistoriesOf,
  onePhase,
  passMode,
  type QOptions,
  qParts,
  qSchema,
  type SupervisedLossOptions,
  supervisedLoss,
  supervisedLossSchema,
  valuesOf,
} from '@lea/agents';
import { defaultsOf, finite, option } from '@lea/core';
import { stopGradient, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/** Discount `gamma`, step `tau` of the target network's moving average, learning rate `lr`: as in `QOptions`. */
export interface IqlOptions extends SupervisedLossOptions, Pick<QOptions, 'gamma' | 'tau' | 'lr'> {
  /** The expectile of logged action values that V learns. Default 0.7; 0.5 is the mean, values near 1 the maximum. */
  expectile: number;
  /** Temperature of the weights exp(A / temperature). Default 1. Lower: advantages count more. Higher: closer to plain CE. */
  temperature: number;
}

/**
 * Implicit Q-learning (Kostrikov, Nair, Levine, ICLR 2022) with one encoder under three heads. Actions outside the log
 * are never evaluated: V(s) is an expectile of Q'(s, a) over logged actions, Q(s, a) learns r + gamma (1 - done) V(s'), and the
 * supervised term of a row has weight exp(A / temperature), at most 10, with A = Q'(s, a) - V(s).
 */
export const iql: AgentFactory<IqlOptions> = defineAgent<IqlOptions>({
  type: 'iql',
  schema: {
    ...supervisedLossSchema,
    gamma: qSchema.gamma,
    expectile: option(finite(0.5, 1), 0.7),
    temperature: option(finite(0.001), 1),
    tau: qSchema.tau,
    lr: qSchema.lr,
  },
  build(options, encoder) {
    const parts = qParts({ ...defaultsOf(qSchema), ...options, target: 'polyak' }, encoder);
    return {
      ...parts,
      phases: onePhase(options.lr),
      init: (key, ...rest) => ({ ...parts.init(key, ...rest), ...initHead(key, 'v', 1, encoder.outputSize) }),
      loss(input) {
        const { params, batch } = input;
        const target = neededTarget(input);
        const qOf = (network: Tensors, at: tf.Tensor) => valuesOf(head(network, 'q', at), batch.action!);
        const vOf = (at: tf.Tensor) => tf.squeeze(allValues(head(params, 'v', at)), [1]);
        const states = learningStates(input, encoder);
        const judge = encoder.encode(target, historiesOf(input), passMode(input, 'target'));
        const next = encoder.encode(params, nextHistoriesOf(input), passMode(input, 'next'));

        const advantage = tf.sub(stopGradient(qOf(target, judge)), vOf(states.last));
        const weight = tf.clipByValue(tf.exp(tf.div(stopGradient(advantage), options.temperature)), 0, 10);
        const y = stopGradient(loggedTarget(batch.reward!, batch.done!, vOf(next), options.gamma));
        // #region comparison
        // |expectile - 1[A < 0]|: a comparison has no gradient, so none may pass through it.
        const side = tf.abs(tf.sub(options.expectile, tf.cast(tf.less(stopGradient(advantage), 0), 'float32')));
        // #endregion comparison
        const terms = {
          ce: supervisedLoss(encoder, input, states, options, weight),
          td: halfSquare(y, qOf(params, states.last)),
          v: tf.mul(side, tf.square(advantage)),
        };
        return meanLoss(terms, { 'weight/mean': tf.mean(weight) });
      },
    };
  },
});
