import { finite, type OptionsSchema, option } from '@lea/core';
import { stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type AgentFactory, agentFactory } from '../define.ts';
import type { Agent } from '../types.ts';
import { hintsOfPhase, qHints } from './divergence-hints.ts';
import { checkRanking } from './guidance.ts';
import { actorCriticLoss, type Weighting } from './loss.ts';
import { type WeightClip, warmup, weightClip } from './options.ts';
import { onePhase, qParts, twoPhases } from './parts.ts';
import { type SqnOptions, sqnSchema } from './sqn.ts';

/** Options of `sac`. */
export interface SacOptions extends SqnOptions {
  /**
   * Length of the first phase (SQN): `early-stopping`, a number of updates (the authors use 30000 or 15000), or 0 for no warm-up
   * (as in their Caser and NextItNet scripts, which then diverge). Default: `early-stopping`.
   */
  warmup: number | 'early-stopping';
  /**
   * Learning rate of the second phase, which has a fresh Adam. Not used without warm-up: `lr` is used instead. Default:
   * 0.001.
   */
  secondPhaseLr: number;
  /**
   * Bounds of the weight Q(s,a). With null, as in the paper, the cross-entropy is increased without bound once Q(s,a) < 0; a
   * lower bound of 0, as in [0, 10], prevents that. Default: null.
   */
  weightClip: WeightClip;
}

export const sacSchema: OptionsSchema<SacOptions> = {
  ...sqnSchema,
  warmup: option(warmup(0), 'early-stopping'),
  secondPhaseLr: option(finite(0), 0.001),
  weightClip: option(weightClip, null),
};

/**
 * Self-supervised actor-critic (Xin et al., SIGIR 2020). First phase `warmup`: SQN. Second phase `actor`: the supervised term
 * of each row is weighted by the value of its logged action, L = Q(s,a) CE + w TD, without gradient through the weight.
 */
export const sac: AgentFactory<SacOptions> = agentFactory<SacOptions>({
  type: 'sac',
  schema: sacSchema,
  check: (options) => checkRanking('sac', options),
  build: (options, encoder) => ({
    ...sacParts(options, encoder),
    loss: (input) =>
      actorCriticLoss(
        input,
        encoder,
        options,
        input.phase === 'actor' ? ({ logged }) => valueWeight(logged.q, options) : undefined,
      ),
  }),
});

/** All parts of SAC except its loss. */
export function sacParts(
  options: SacOptions,
  encoder: Parameters<typeof qParts>[1],
): ReturnType<typeof qParts> & {
  phases: ReturnType<typeof onePhase>;
} {
  const { warmup, lr, secondPhaseLr } = options;
  const parts = qParts(options, encoder);
  return {
    ...parts,
    divergenceHints: { ...parts.divergenceHints, ...hintsOfPhase('actor', actorHints(options)) },
    phases:
      warmup === 0
        ? [{ ...onePhase(lr)[0]!, name: 'actor' }]
        : twoPhases(warmup, lr, { name: 'actor', lr: secondPhaseLr }),
  };
}

function actorHints({ warmup, weightClip: clip }: SacOptions): Agent['divergenceHints'] {
  const rate = warmup === 0 ? 'lr' : 'secondPhaseLr';
  const divergenceHints = qHints(rate);
  if (clip && clip[0] >= 0) return divergenceHints;
  const sooner = warmup === 0 ? ', or warmup to "early-stopping"' : '';
  const negative = `Negative values increase the cross-entropy without bound. Set the lower bound of weightClip to 0${sooner}, or lower ${rate}.`;
  return { ...divergenceHints, 'loss/ce': negative, 'weight/mean': negative };
}

/** The value of the logged action as the weight of its supervised term. */
export function valueWeight(q: tf.Tensor, { weightClip: clip }: { readonly weightClip: WeightClip }): Weighting {
  const value = stopGradient(q);
  const weight = clip ? tf.clipByValue(value, clip[0], clip[1]) : value;
  return {
    weight,
    metrics: {
      'weight/mean': tf.mean(weight),
      'weight/negative_share': tf.mean(tf.cast(tf.less(value, tf.scalar(0)), 'float32')),
    },
    terms: { weight },
  };
}
