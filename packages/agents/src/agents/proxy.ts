import { finite, fold, type OptionsSchema, oneOf, option } from '@lea/core';
import { randomUniform, type Tensors } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type AgentFactory, agentFactory } from '../define.ts';
import { head, initHead, valuesOf } from '../heads.ts';
import { supervisedLoss } from '../losses/supervised.ts';
import { halfSquare } from '../losses/td.ts';
import type { LossInput } from '../types.ts';
import { learningStates } from './loss.ts';
import { type SupervisedLossOptions, supervisedLossSchema } from './options.ts';
import { onePhase, supervisedParts } from './parts.ts';

/** Options of `proxy`. */
export interface ProxyOptions extends SupervisedLossOptions {
  /**
   * Target of the auxiliary head at the logged action: its `reward`, a `constant` 1, a new uniform random number in every step
   * (`noise`), or the fraction of the window that the history fills (`length`). Default: `reward`.
   */
  auxiliaryTarget: 'reward' | 'constant' | 'noise' | 'length';
  /** Weight of the auxiliary term. Higher: it shapes the states more. Default: 1. */
  auxiliaryWeight: number;
  /** Learning rate of Adam. Higher learns faster until it diverges. Default: 0.001. */
  lr: number;
}

const schema: OptionsSchema<ProxyOptions> = {
  ...supervisedLossSchema,
  auxiliaryTarget: option(oneOf('reward', 'constant', 'noise', 'length'), 'reward'),
  auxiliaryWeight: option(finite(0), 1),
  lr: option(finite(0), 0.001),
};

/**
 * A control for agents with a Q head: the same second head and squared error, with a trivial target instead of the TD target,
 * L = CE + w 1/2 (x - g(s)[a])^2. If it performs as well as SQN, the gain does not come from Q-learning. Motivated by Labarca
 * Silva, Parra, Toro Icarte, "On the Unexpected Effectiveness of Reinforcement Learning for Sequential Recommendation",
 * ICML 2024.
 */
export const proxy: AgentFactory<ProxyOptions> = agentFactory<ProxyOptions>({
  type: 'proxy',
  schema,
  build(options, encoder) {
    const parts = supervisedParts(options, encoder);
    return {
      ...parts,
      itemTables: { ...parts.itemTables, 'q.weight': 'choices' },
      divergenceHints: { ...parts.divergenceHints, 'loss/proxy': 'Lower auxiliaryWeight, the rewards or lr.' },
      init: (key, shape, text) => ({
        ...parts.init(key, shape, text),
        ...initHead(fold(key, 'heads'), 'q', shape.items, encoder.outputSize),
      }),
      inputs: (batchSize, window, targets) => ({
        ...parts.inputs(batchSize, window, targets),
        ...(options.auxiliaryTarget === 'reward' && { reward: { dtype: 'float32', shape: [batchSize] } }),
      }),
      wholeWindows: options.auxiliaryTarget === 'length',
      phases: onePhase(options.lr),
      loss(input) {
        const states = learningStates(input, encoder);
        const supervised = supervisedLoss(encoder, input, states, options);
        const guess = valuesOf(head(input.params, 'q', states.last), input.batch.action!);
        const square = halfSquare(targetOf(input, options.auxiliaryTarget, guess), guess);
        const metrics: Tensors = {
          'loss/ce': tf.mean(supervised),
          'loss/proxy': tf.mean(square),
          'proxy/mean': tf.mean(guess),
        };
        const loss = tf.mean(tf.add(supervised, tf.mul(square, tf.scalar(options.auxiliaryWeight)))) as tf.Scalar;
        return { loss, metrics, terms: { ce: supervised, proxy: square } };
      },
    };
  },
});

function targetOf({ batch, key }: LossInput, auxiliary: ProxyOptions['auxiliaryTarget'], like: tf.Tensor): tf.Tensor {
  if (auxiliary === 'reward') return batch.reward!;
  if (auxiliary === 'length') return tf.div(tf.cast(batch.length!, 'float32'), tf.scalar(batch.items!.shape[1]!));
  return auxiliary === 'constant' ? tf.onesLike(like) : randomUniform(key, 'auxiliary', like.shape);
}
