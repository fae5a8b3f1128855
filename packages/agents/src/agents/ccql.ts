import { finite, type OptionsSchema, oneOf, option } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AgentFactory, agentFactory } from '../define.ts';
import { paddingId } from '../encoders/items.ts';
import { type Augmentation, augment } from '../losses/augment.ts';
import { infoNce } from '../losses/contrastive.ts';
import type { Encoder, LossInput } from '../types.ts';
import type { Critic } from './critic.ts';
import { checkRanking } from './guidance.ts';
import { actorCriticLoss, learningStates } from './loss.ts';
import { historiesOf, passMode } from './parts.ts';
import { type SacOptions, sacParts, sacSchema, valueWeight } from './sac.ts';

/** Options of `ccql`. */
export interface CcqlOptions extends SacOptions {
  /** Temperature of the conservative penalty. Higher: penalizes more actions; near 0: only the maximum. Default: 0.5. */
  cqlTemperature: number;
  /**
   * Weight of the contrastive term; 0 disables it. Higher: states depend less on what the augmentation removes.
   * Default: 1.
   */
  contrastiveWeight: number;
  /** Temperature of the contrastive term. Lower: stronger repulsion of the most similar other rows. Default: 0.07. */
  contrastiveTemperature: number;
  /**
   * How the second view of a history is made: `permute` shuffles its events, `crop` removes 2 or 3 consecutive events, `mask`
   * removes each event with probability 0.15. The newest event is never removed, because states are read there. Default:
   * `permute`.
   */
  augmentation: Augmentation;
}

const schema: OptionsSchema<CcqlOptions> = {
  ...sacSchema,
  cqlWeight: option(sacSchema.cqlWeight.wrapped, 0.01),
  cqlTemperature: option(finite(0.001), 0.5),
  contrastiveWeight: option(finite(0), 1),
  contrastiveTemperature: option(finite(0.001), 0.07),
  augmentation: option(oneOf('permute', 'crop', 'mask'), 'permute'),
};

/**
 * SASRec-CCQL for any encoder (Mozifian et al., arXiv 2305.18820): SAC with the conservative penalty (weight `cqlWeight`, default
 * 0.01) and an InfoNCE term between the states of a history and an augmented view of it,
 * L = weight CE + w TD + cql CQL + contrast InfoNCE. The weight is 1 in the phase `warmup` and Q(s,a) in the phase `actor`.
 */
export const ccql: AgentFactory<CcqlOptions> = agentFactory<CcqlOptions>({
  type: 'ccql',
  schema,
  check: (options) => checkRanking('ccql', options),
  build(options, encoder) {
    const parts = sacParts(options, encoder);
    return {
      ...parts,
      divergenceHints: {
        ...parts.divergenceHints,
        'loss/contrast': 'Raise contrastiveTemperature, or lower contrastiveWeight or the learning rate.',
      },
      loss(input) {
        const states = learningStates(input, encoder);
        const weigh = input.phase === 'actor' ? ({ logged }: Critic) => valueWeight(logged.q, options) : undefined;
        const result = actorCriticLoss(input, encoder, options, weigh, states);
        if (options.contrastiveWeight === 0) return result;
        const contrast = contrastTerm(input, encoder, states.last, options);
        return {
          loss: tf.add(result.loss, tf.mul(tf.mean(contrast), tf.scalar(options.contrastiveWeight))),
          metrics: { ...result.metrics, 'loss/contrast': tf.mean(contrast) },
          terms: { ...result.terms, contrast },
        };
      },
    };
  },
});

function contrastTerm(
  input: LossInput,
  encoder: Encoder,
  states: tf.Tensor2D,
  { augmentation, contrastiveTemperature }: CcqlOptions,
): tf.Tensor1D {
  const padId = paddingId(encoder, input.params);
  const altered = augment(historiesOf(input), augmentation, input.key, padId);
  const others = encoder.encode(input.params, altered, passMode(input, 'augmented'));
  return infoNce(states, others, contrastiveTemperature);
}
