import { LeaError } from '@lea/core';
import { checkChoices, checkRanges } from '../checks.ts';
import type { QOptions } from './options.ts';

/** How the state of a language-model environment (LEA) teaches that of the encoder; training only. */
export interface AlignmentOptions {
  /**
   * Weight of the term that pulls a learned projection of the encoder's state towards the environment's state of the row.
   * Default 0, off: no parameters, and signals need no states. Higher shapes the state more by the environment, less by the log.
   */
  alignment: number;
  /**
   * `cosine` (default): 1 - cosine of each pair. `contrastive`: InfoNCE, which also tells each pair from the other rows of
   * the batch: stronger, and rows of like states push each other apart.
   */
  alignmentForm: 'cosine' | 'contrastive';
  /** Temperature of `contrastive`. Default 0.1. Lower presses harder on the most similar other rows; higher spreads the push. */
  alignmentTemperature: number;
}

/** What agents with a Q head take from a language-model environment (LEA). */
export interface GuidanceOptions extends AlignmentOptions {
  /**
   * Positive actions drawn per row and step, in proportion to their weights, as TD rows of the critic. Default 1; 0: they
   * reach the supervised loss only. The term is the mean over the draws: higher makes it less noisy, not heavier, and costs
   * one encoding each.
   */
  augmentedActions: number;
  /**
   * Where their targets bootstrap: `next` (default), the state after the action is appended to the history; `current`, the
   * state it is proposed in, as negatives do: cheaper, however many are drawn, but blind to where the action leads.
   */
  augmentedBootstrap: 'next' | 'current';
  /**
   * Whether the critic reads the environment's state beside the encoder's. Default false. True: values that know more than
   * the recommender will; so such an agent cannot rank by Q.
   */
  criticState: boolean;
}

export const alignmentDefaults: AlignmentOptions = {
  alignment: 0,
  alignmentForm: 'cosine',
  alignmentTemperature: 0.1,
};

export const guidanceDefaults: GuidanceOptions = {
  ...alignmentDefaults,
  augmentedActions: 1,
  augmentedBootstrap: 'next',
  criticState: false,
};

/** @throws LeaError `E_OPTION_VALUE` */
export function checkAlignment(type: string, options: AlignmentOptions): void {
  checkRanges(type, options, {
    alignment: [0, Number.MAX_VALUE],
    alignmentTemperature: [0.001, Number.MAX_VALUE],
  });
  checkChoices(type, options, { alignmentForm: ['cosine', 'contrastive'] });
}

/** @throws LeaError `E_OPTION_VALUE` */
export function checkGuidance(type: string, options: GuidanceOptions & Pick<QOptions, 'rankingHead'>): void {
  checkAlignment(type, options);
  checkRanges(type, options, { augmentedActions: [0, Infinity, 'whole'] });
  checkChoices(type, options, { augmentedBootstrap: ['next', 'current'], criticState: [true, false] });
  if (!options.criticState || options.rankingHead !== 'q') return;
  throw new LeaError('E_OPTION_VALUE', `${type}: a critic that reads the environment's state cannot rank.`, {
    value: options.rankingHead,
    hint: 'There is no environment when items are ranked: set rankingHead to "supervised" or criticState to false.',
  });
}
