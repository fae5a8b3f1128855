import * as tf from '@tensorflow/tfjs-core';
import { checkChoices, checkRanges } from '../checks.ts';
import { type AgentFactory, agentFactory } from '../define.ts';
import { paddingId } from '../encoders/items.ts';
import { type Augmentation, augment } from '../losses/augment.ts';
import { infoNce } from '../losses/contrastive.ts';
import type { Encoder, LossInput } from '../types.ts';
import type { Critic } from './critic.ts';
import { actorCriticLoss, learningStates } from './loss.ts';
import { historiesOf, passMode } from './parts.ts';
import { checkSac, type SacOptions, sacDefaults, sacParts, valueWeight } from './sac.ts';

export interface CcqlOptions extends SacOptions {
  /** Temperature of the conservative penalty. Default 0.5. Higher spreads the push over more actions; towards 0: the greatest only. */
  cqlTemperature: number;
  /** Weight of the contrastive term. Default 1. Higher makes states care less for what the augmentation removes; 0: none. */
  contrast: number;
  /** Temperature of the contrastive term. Default 0.07. Lower presses harder on the most similar states of other rows. */
  contrastTemperature: number;
  /**
   * What makes the other view of a history: its events in random order (`permute`, default), without a stretch of 2 or 3
   * (`crop`), or each left out with chance 0.15 (`mask`).
   */
  augmentation: Augmentation;
}

/**
 * SASRec-CCQL for any encoder (Mozifian et al., arXiv 2305.18820, as the paper means it): SAC with the conservative penalty
 * (weight `cql`, 0.01 here) and an InfoNCE term between the states of a history and of an augmented one,
 * L = weight CE + w TD + cql CQL + contrast InfoNCE; the weight is 1 in the phase `warmup` and Q(s,a) in the phase `actor`.
 */
export const ccql: AgentFactory<CcqlOptions> = agentFactory<CcqlOptions>({
  type: 'ccql',
  defaults: {
    ...sacDefaults,
    cql: 0.01,
    cqlTemperature: 0.5,
    contrast: 1,
    contrastTemperature: 0.07,
    augmentation: 'permute',
  },
  check(options) {
    checkSac('ccql', options);
    checkRanges('ccql', options, {
      cqlTemperature: [0.001, Number.MAX_VALUE],
      contrast: [0, Number.MAX_VALUE],
      contrastTemperature: [0.001, Number.MAX_VALUE],
    });
    checkChoices('ccql', options, { augmentation: ['permute', 'crop', 'mask'] });
  },
  build(options, encoder) {
    const parts = sacParts(options, encoder);
    return {
      ...parts,
      cures: {
        ...parts.cures,
        'loss/contrast': 'Raise contrastTemperature, or lower contrast or the learning rate.',
      },
      loss(input) {
        const states = learningStates(input, encoder);
        const weigh = input.phase === 'actor' ? ({ logged }: Critic) => valueWeight(logged.q, options) : undefined;
        const result = actorCriticLoss(input, encoder, options, weigh, states);
        if (options.contrast === 0) return result;
        const contrast = contrastTerm(input, encoder, states.last, options);
        return {
          loss: tf.add(result.loss, tf.mul(tf.mean(contrast), tf.scalar(options.contrast))),
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
  { augmentation, contrastTemperature }: CcqlOptions,
): tf.Tensor1D {
  const padId = paddingId(encoder, input.params);
  const altered = augment(historiesOf(input), augmentation, input.key, padId);
  const others = encoder.encode(input.params, altered, passMode(input, 'augmented'));
  return infoNce(states, others, contrastTemperature);
}
