import { finite, type OptionsSchema, option } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AgentFactory, agentFactory } from '../define.ts';
import { supervisedLoss } from '../losses/supervised.ts';
import { aligned } from './alignment.ts';
import { type AlignmentOptions, alignmentSchema } from './guidance.ts';
import { learningStates } from './loss.ts';
import { type SupervisedLossOptions, supervisedLossSchema } from './options.ts';
import { onePhase, supervisedParts } from './parts.ts';

/** Options of `ce`. */
export interface CeOptions extends SupervisedLossOptions, AlignmentOptions {
  /** Learning rate of Adam. Higher learns faster until it diverges. Default: 0.001. */
  lr: number;
}

const schema: OptionsSchema<CeOptions> = {
  ...supervisedLossSchema,
  ...alignmentSchema,
  lr: option(finite(0), 0.001),
};

/**
 * The supervised recommender: cross-entropy L = -log softmax(f(s))[a], or a sampled version of it. The loss of a batch is the mean
 * over its rows, each times its `rowWeight` where the trainer gives weights.
 */
export const ce: AgentFactory<CeOptions> = agentFactory<CeOptions>({
  type: 'ce',
  schema,
  build: (options, encoder) => ({
    ...supervisedParts(options, encoder),
    phases: onePhase(options.lr),
    loss(input) {
      const states = learningStates(input, encoder);
      const { rowWeight } = input.batch;
      const rows = supervisedLoss(encoder, input, states, options);
      const terms = { ce: rowWeight ? tf.mul(rows, rowWeight) : rows };
      const loss = tf.mean(terms.ce) as tf.Scalar;
      return aligned({ loss, metrics: { 'loss/ce': loss }, terms }, input, states.last, options);
    },
  }),
});
