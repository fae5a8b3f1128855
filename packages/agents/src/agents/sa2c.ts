import { finite, LeaError, type OptionsSchema, option, stableJson } from '@lea/core';
import { softmaxCrossEntropy, stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type AgentFactory, agentFactory } from '../define.ts';
import { supervisedHead } from '../heads.ts';
import { advantage } from '../losses/advantage.ts';
import type { States } from '../losses/supervised.ts';
import type { Agent, Encoder, LossInput } from '../types.ts';
import type { Critic } from './critic.ts';
import { hintsOfPhase, qHints } from './divergence-hints.ts';
import { checkRanking } from './guidance.ts';
import { actorCriticLoss, type Weighting } from './loss.ts';
import { type WeightClip, warmup, weightClip } from './options.ts';
import { qParts, twoPhases } from './parts.ts';
import { type SnqnOptions, snqnSchema } from './snqn.ts';

/** Options of `sa2c`. */
export interface Sa2cOptions extends SnqnOptions {
  /**
   * Length of the first phase (SNQN): `early-stopping` (the second phase starts from its best checkpoint) or a number of updates
   * (the second phase starts from its last weights; the authors use 15000). Default: `early-stopping`.
   */
  warmup: number | 'early-stopping';
  /** Learning rate of the second phase, which has a fresh Adam. Default: 0.001. */
  secondPhaseLr: number;
  /**
   * Bounds of the advantage. With null it is not clipped, and negative weights push logged actions down. Default: [0,
   * 10].
   */
  weightClip: WeightClip;
  /**
   * Exponent of the off-policy correction: the weight is multiplied by clip(pi(a|s) / share of a in the log, 0.1, 10)^smoothing.
   * 0 disables it, as in the authors' code. Higher: favors rare items; the paper reports a lower NDCG with it. Default: 0.
   */
  correctionPower: number;
}

const schema: OptionsSchema<Sa2cOptions> = {
  ...snqnSchema,
  warmup: option(warmup(1), 'early-stopping'),
  secondPhaseLr: option(finite(0), 0.001),
  weightClip: option(weightClip, [0, 10]),
  correctionPower: option(finite(0), 0),
};

/**
 * Supervised advantage actor-critic (Xin et al., WSDM 2022). First phase `warmup`: SNQN. Second phase `advantage`: the
 * supervised term of each row is weighted by its clipped advantage, L = A CE + w (TD + TD of negatives),
 * A = clip(Q(s,a) - (Q(s,a) + sum_j Q(s,n_j)) / (K + 1)), without gradient through A. An environment's augmented actions are
 * included in the mean together with the negatives.
 */
export const sa2c: AgentFactory<Sa2cOptions> = agentFactory<Sa2cOptions>({
  type: 'sa2c',
  schema,
  check,
  build(options, encoder) {
    const parts = qParts(options, encoder);
    return {
      ...parts,
      frozen: options.correctionPower > 0 ? [...parts.frozen, 'logFrequency'] : parts.frozen,
      divergenceHints: { ...parts.divergenceHints, ...hintsOfPhase('advantage', advantageHints(options)) },
      phases: twoPhases(options.warmup, options.lr, { name: 'advantage', lr: options.secondPhaseLr }),
      loss(input) {
        const weigh = (critic: Critic, states: States) => weighting(input, encoder, critic, states, options);
        return actorCriticLoss(input, encoder, options, input.phase === 'advantage' ? weigh : undefined);
      },
    };
  },
});

function check(options: Sa2cOptions): void {
  checkRanking('sa2c', options);
  const { loss, correctionPower } = options;
  if (correctionPower > 0 && loss !== 'softmax') {
    throw new LeaError('E_OPTION_VALUE', 'sa2c: correctionPower needs the probabilities of the full softmax.', {
      value: stableJson({ correctionPower, loss }),
      hint: 'Set loss to "softmax" or correctionPower to 0.',
    });
  }
}

function advantageHints({ weightClip: clip }: Sa2cOptions): Agent['divergenceHints'] {
  const divergenceHints = {
    ...qHints('secondPhaseLr'),
    'advantage/mean': 'Lower gamma, the rewards or secondPhaseLr.',
  };
  if (clip && clip[0] >= 0) return divergenceHints;
  const negative =
    'Negative advantages increase the cross-entropy without bound. Set the lower bound of weightClip to 0.';
  return { ...divergenceHints, 'loss/ce': negative };
}

function weighting(
  input: LossInput,
  encoder: Encoder,
  { logged, augmented, negative }: Critic,
  states: States,
  { weightClip: clip, correctionPower }: Sa2cOptions,
): Weighting {
  const others = [negative!, augmented].filter((side) => side !== undefined);
  const raw = advantage(logged.q, joined(others.map(({ q }) => q))!, joined(others.map(({ kept }) => kept)));
  const clipped = clip ? tf.clipByValue(raw, clip[0], clip[1]) : raw;
  const weight =
    correctionPower > 0 ? tf.mul(clipped, tf.pow(propensityRatio(input, encoder, states), correctionPower)) : clipped;
  return {
    weight,
    metrics: {
      'advantage/mean': tf.mean(raw),
      'advantage/clipped_share': tf.mean(tf.cast(tf.notEqual(raw, clipped), 'float32')),
    },
    terms: { advantage: raw, weight },
  };
}

/** Concatenates [B, K] tensors of several kinds of actions; undefined if there are none. */
function joined(parts: readonly (tf.Tensor | undefined)[]): tf.Tensor | undefined {
  const given = parts.filter((part) => part !== undefined);
  return given.length > 0 ? tf.concat(given, 1) : undefined;
}

/** clip(pi(a|s) / share of a in the log, 0.1, 10), [B], no gradient. */
function propensityRatio({ params, batch, frozen }: LossInput, encoder: Encoder, states: States): tf.Tensor {
  const { features, weight } = supervisedHead(encoder, params, states.last, frozen.text);
  const action = tf.expandDims(batch.action!, 1);
  const once = tf.cast(tf.onesLike(action), 'float32');
  const surprise = softmaxCrossEntropy(features, weight, action, once, batch.offsets);
  const logShare = tf.gather(frozen.logFrequency!, batch.action as tf.Tensor1D);
  return tf.clipByValue(tf.exp(stopGradient(tf.sub(tf.neg(surprise), logShare))), 0.1, 10);
}
