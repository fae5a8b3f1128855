import {
  type AgentFactory,
  defineAgent,
  learningStates,
  meanLoss,
  onePhase,
  type SupervisedLossOptions,
  supervisedHead,
  supervisedLossSchema,
  supervisedParts,
  valuesOf,
} from '@lea/agents';
import { defaultsOf, option, positive, whole } from '@lea/core';
import { logSigmoid } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';

/** Number of drawn items `sampledItems`, and `samplingPower` of their popularity: as in `SupervisedLossOptions`. */
export interface RewardBprOptions extends Pick<SupervisedLossOptions, 'sampledItems' | 'samplingPower'> {
  /** Learning rate. Default 0.001. */
  lr: number;
}

/**
 * BPR (Rendle et al., UAI 2009) with a weight per row: the reward of a row times -log sigmoid(f(action) - f(drawn)), as a mean
 * over the drawn items. A drawn item that is the row's own action does not count.
 */
export const rewardBpr: AgentFactory<RewardBprOptions> = defineAgent<RewardBprOptions>({
  type: 'reward-bpr',
  schema: {
    sampledItems: option(whole(1), 128),
    samplingPower: supervisedLossSchema.samplingPower,
    lr: option(positive, 0.001),
  },
  build({ lr, ...sampling }, encoder) {
    const supervised = { ...defaultsOf(supervisedLossSchema), ...sampling, loss: 'sampled-softmax' } as const;
    const parts = supervisedParts(supervised, encoder);
    return {
      ...parts,
      frozen: [], // sampled softmax would read logQ
      everyPosition: false,
      phases: onePhase(lr),
      // #region inputs
      inputs: (rows, window) => ({
        ...parts.inputs(rows, window),
        reward: { dtype: 'float32', shape: [rows] },
      }),
      // #endregion inputs
      loss(input) {
        const { params, batch, frozen } = input;
        const states = learningStates(input, encoder);
        const head = supervisedHead(encoder, params, states.last, frozen.text);
        // #region candidates
        const action = tf.expandDims(batch.action!, 1); // [B, 1]
        const drawn = tf.tile(tf.expandDims(batch.candidates!, 0), [action.shape[0]!, 1]); // [B, K]
        const others = tf.cast(tf.notEqual(drawn, action), 'float32');
        const gaps = tf.sub(valuesOf(head, action), valuesOf(head, drawn));
        // #endregion candidates
        const surprise = tf.mul(tf.neg(logSigmoid(gaps)), others);
        return meanLoss({ bpr: tf.mul(batch.reward!, tf.mean(surprise, 1)) });
      },
    };
  },
});
