import * as tf from '@tensorflow/tfjs';
import { type AgentFactory, agentFactory } from '../define.ts';
import { supervisedLoss } from '../losses/supervised.ts';
import { learningStates } from './loss.ts';
import { type CatalogueOptions, catalogueDefaults, checkCatalogue } from './options.ts';
import { onePhase, supervisedParts } from './parts.ts';

export interface CeOptions extends CatalogueOptions {
  /** Learning rate of Adam. Default 0.001. Higher learns faster, then diverges. */
  lr: number;
}

/** The supervised recommender: L = -log softmax(f(s))[a], or a sampled form of it. */
export const ce: AgentFactory<CeOptions> = agentFactory<CeOptions>({
  type: 'ce',
  defaults: { ...catalogueDefaults, lr: 0.001 },
  check: (options) => checkCatalogue('ce', options),
  build: (options, encoder) => ({
    ...supervisedParts(options, encoder),
    phases: onePhase(options.lr),
    loss(input) {
      const terms = { ce: supervisedLoss(encoder, input, learningStates(input, encoder), options) };
      const loss = tf.mean(terms.ce) as tf.Scalar;
      return { loss, metrics: { 'loss/ce': loss }, terms };
    },
  }),
});
