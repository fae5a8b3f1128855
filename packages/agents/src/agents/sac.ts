import { stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkChoices, checkRanges } from '../checks.ts';
import { type AgentFactory, agentFactory } from '../define.ts';
import type { Agent } from '../types.ts';
import { curesOf, qCures } from './cures.ts';
import { actorCriticLoss, type Weighting } from './loss.ts';
import { checkWarmup } from './options.ts';
import { onePhase, qParts, twoPhases } from './parts.ts';
import { checkSqn, type SqnOptions, sqnDefaults } from './sqn.ts';

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
  actorLr: number;
  /**
   * Whether to replace negative weights by 0. If false, as in the paper, the cross-entropy is increased without bound once
   * Q(s,a) < 0. Default: false.
   */
  clamp: boolean;
}

export const sacDefaults: SacOptions = {
  ...sqnDefaults,
  warmup: 'early-stopping',
  actorLr: 0.001,
  clamp: false,
};

/**
 * Self-supervised actor-critic (Xin et al., SIGIR 2020). First phase `warmup`: SQN. Second phase `actor`: the supervised term
 * of each row is weighted by the value of its logged action, L = Q(s,a) CE + w TD, without gradient through the weight.
 */
export const sac: AgentFactory<SacOptions> = agentFactory<SacOptions>({
  type: 'sac',
  defaults: sacDefaults,
  check: (options) => checkSac('sac', options),
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

/** @throws LeaError `E_OPTION_VALUE` */
export function checkSac(type: string, options: SacOptions): void {
  checkSqn(type, options);
  checkRanges(type, options, { actorLr: [0, Number.MAX_VALUE] });
  checkChoices(type, options, { clamp: [true, false] });
  checkWarmup(type, options, 0);
}

/** All parts of SAC except its loss. */
export function sacParts(
  options: SacOptions,
  encoder: Parameters<typeof qParts>[1],
): ReturnType<typeof qParts> & {
  phases: ReturnType<typeof onePhase>;
} {
  const { warmup, lr, actorLr } = options;
  const parts = qParts(options, encoder);
  return {
    ...parts,
    cures: { ...parts.cures, ...curesOf('actor', actorCures(options)) },
    phases:
      warmup === 0 ? [{ ...onePhase(lr)[0]!, name: 'actor' }] : twoPhases(warmup, lr, { name: 'actor', lr: actorLr }),
  };
}

function actorCures({ warmup, clamp }: SacOptions): Agent['cures'] {
  const rate = warmup === 0 ? 'lr' : 'actorLr';
  const cures = qCures(rate);
  if (clamp) return cures;
  const sooner = warmup === 0 ? ', or warmup to "early-stopping"' : '';
  const negative = `Negative values increase the cross-entropy without bound. Set clamp to true${sooner}, or lower ${rate}.`;
  return { ...cures, 'loss/ce': negative, 'weight/mean': negative };
}

/** The value of the logged action as the weight of its supervised term. */
export function valueWeight(q: tf.Tensor, { clamp }: { readonly clamp: boolean }): Weighting {
  const value = stopGradient(q);
  const weight = clamp ? tf.relu(value) : value;
  return {
    weight,
    metrics: {
      'weight/mean': tf.mean(weight),
      'weight/negative_share': tf.mean(tf.cast(tf.less(value, tf.scalar(0)), 'float32')),
    },
    terms: { weight },
  };
}
