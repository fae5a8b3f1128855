import { LeaError, withDefaults } from '@lea/core';
import * as tf from '@tensorflow/tfjs';
import { checkRanges } from '../checks.ts';
import { advantage } from '../losses/advantage.ts';
import type { Agent, Encoder } from '../types.ts';
import { qBase } from './base.ts';
import type { Logged, Negatives } from './critic.ts';
import { checkSnqn, type SnqnOptions, snqnDefaults, snqnLoss, type Weighting } from './snqn.ts';

export interface Sa2cOptions extends SnqnOptions {
  /** Length of the first phase (SNQN): until validation stops improving (default; the second phase starts from its best checkpoint) or a number of updates (the authors: 15000; it starts from the last weights). */
  warmup: number | 'early-stopping';
  /** Learning rate of the second phase, whose Adam starts afresh. Default 0.001. */
  advantageLr: number;
  /** Bounds of the advantage. Default [0, 10]; null leaves it as it is (negative weights then push logged actions down). */
  advantageClip: readonly [low: number, high: number] | null;
}

const defaults: Sa2cOptions = {
  ...snqnDefaults,
  warmup: 'early-stopping',
  advantageLr: 0.001,
  advantageClip: [0, 10],
};

/**
 * Supervised advantage actor-critic (Xin et al., WSDM 2022). First phase `warmup`: SNQN. Second phase `advantage`: the
 * supervised term of each row is weighted by its clipped advantage, L = A CE + w (TD + TD of negatives),
 * A = clip(Q(s,a) - (Q(s,a) + sum_j Q(s,n_j)) / (K + 1)), no gradient through A. Without the off-policy correction
 * (the authors' default).
 *
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`
 */
export function sa2c(options: Partial<Sa2cOptions> = {}): (encoder: Encoder) => Agent {
  const o = withDefaults('sa2c', defaults, options);
  checkSnqn('sa2c', o);
  checkRanges('sa2c', o, { advantageLr: [0, Infinity] });
  if (o.warmup !== 'early-stopping') checkRanges('sa2c', o, { warmup: [1, Infinity, 'whole'] });
  if (o.advantageClip && !(o.advantageClip[0] <= o.advantageClip[1])) {
    throw new LeaError('E_OPTION_VALUE', 'sa2c: advantageClip must be [low, high] with low <= high, or null.', {
      value: o.advantageClip,
    });
  }
  const weigh = (logged: Logged, negative: Negatives) => weighting(logged, negative, o.advantageClip);
  return (encoder) => ({
    ...qBase('sa2c', o, encoder),
    phases: [
      { name: 'warmup', optimizer: { lr: o.lr }, start: 'last', steps: o.warmup },
      {
        name: 'advantage',
        optimizer: { lr: o.advantageLr },
        start: o.warmup === 'early-stopping' ? 'best' : 'last',
        steps: 'early-stopping',
      },
    ],
    loss: (input) => snqnLoss('sa2c', input, encoder, o, input.phase === 'advantage' ? weigh : undefined),
  });
}

function weighting(logged: Logged, negative: Negatives, clip: Sa2cOptions['advantageClip']): Weighting {
  const raw = advantage(logged.q, negative.q, negative.kept);
  const weight = clip ? tf.clipByValue(raw, clip[0], clip[1]) : raw;
  const metrics = {
    'advantage/mean': tf.mean(raw),
    'advantage/clipped_share': tf.mean(tf.notEqual(raw, weight).toFloat()),
  };
  return { weight, metrics, terms: { advantage: raw, weight } };
}
