import { LeaError } from '@lea/core';
import { checkChoices, checkRanges } from '../checks.ts';
import type { QOptions } from './options.ts';

/** How an environment's states (LEA) guide the states of the encoder. Used in training only. */
export interface AlignmentOptions {
  /**
   * Weight of a loss that pulls a learned projection of the encoder's state towards the environment's state. 0 disables it: no
   * parameters are added, and signals need no states. Higher: the environment shapes the states more. Default: 0.
   */
  alignmentWeight: number;
  /**
   * `cosine`: 1 - cosine of each pair. `contrastive`: InfoNCE, which also separates each pair from the other rows of the batch;
   * it is stronger, but rows with similar states repel each other. Default: `cosine`.
   */
  alignmentForm: 'cosine' | 'contrastive';
  /** Temperature of `contrastive`. Lower: stronger repulsion of the most similar other rows. Default: 0.1. */
  alignmentTemperature: number;
}

/** How agents with a Q head use an environment's signals (LEA). */
export interface GuidanceOptions extends AlignmentOptions {
  /**
   * Number of the environment's positive actions drawn per row and step, in proportion to their weights, as additional TD rows
   * of the critic; 0 uses them in the supervised loss only. The term is the mean over the draws, so higher values reduce its
   * noise but do not increase its weight; each draw costs one encoding. Default: 1.
   */
  augmentedActions: number;
  /**
   * State from which their targets bootstrap: `next` is the state after the action is appended to the history; `current` is the
   * state before the action, as for negatives, which is cheaper but ignores where the action leads. Default: `next`.
   */
  augmentedBootstrap: 'next' | 'current';
  /**
   * Whether the critic reads the environment's state in addition to the encoder's. As no environment is available in serving,
   * such an agent cannot rank by Q. Default: false.
   */
  criticState: boolean;
}

/** Default options for alignment. */
export const alignmentDefaults: AlignmentOptions = {
  alignmentWeight: 0,
  alignmentForm: 'cosine',
  alignmentTemperature: 0.1,
};

/** Default options for an environment's signals. */
export const guidanceDefaults: GuidanceOptions = {
  ...alignmentDefaults,
  augmentedActions: 1,
  augmentedBootstrap: 'next',
  criticState: false,
};

/** Checks the options for alignment. @throws LeaError `E_OPTION_VALUE` */
export function checkAlignment(type: string, options: AlignmentOptions): void {
  checkRanges(type, options, {
    alignmentWeight: [0, Number.MAX_VALUE],
    alignmentTemperature: [0.001, Number.MAX_VALUE],
  });
  checkChoices(type, options, { alignmentForm: ['cosine', 'contrastive'] });
}

/** Checks the options for an environment's signals. @throws LeaError `E_OPTION_VALUE` */
export function checkGuidance(type: string, options: GuidanceOptions & Pick<QOptions, 'rankingHead'>): void {
  checkAlignment(type, options);
  checkRanges(type, options, { augmentedActions: [0, Infinity, 'whole'] });
  checkChoices(type, options, { augmentedBootstrap: ['next', 'current'], criticState: [true, false] });
  if (!options.criticState || options.rankingHead !== 'q') return;
  throw new LeaError('E_OPTION_VALUE', `${type}: with criticState the agent cannot rank by its Q head.`, {
    value: options.rankingHead,
    hint: 'No environment is available in serving. Set rankingHead to "supervised" or criticState to false.',
  });
}
