import { finite, flag, LeaError, type OptionsSchema, oneOf, option, whole } from '@lea/core';
import type { QOptions } from './options.ts';

/** How an environment's states (LEA) guide the states of the encoder. Used in training only. */
export interface AlignmentOptions {
  /**
   * Weight of a loss that pulls a learned projection of the encoder's state towards the environment's state. 0 disables it: no
   * parameters are added, and signals need no states. Higher: the environment shapes the states more. Default: 0.
   */
  alignmentWeight: number;
  /**
   * `cosine` pulls the states of a row together, `contrastive` also pushes them away from other rows of the batch. The losses are
   * 1 - cosine of each pair, and InfoNCE, which is stronger, but rows with similar states repel each other. Default: `cosine`.
   */
  alignmentForm: 'cosine' | 'contrastive';
  /** Temperature of `contrastive`. Lower: stronger repulsion of the most similar other rows. Default: 0.1. */
  alignmentTemperature: number;
}

/** How agents with a Q head use an environment's signals (LEA). */
export interface GuidanceOptions extends AlignmentOptions {
  /**
   * Number of the environment's positive actions drawn per row and step as additional TD rows of the critic. They are drawn in
   * proportion to their weights; 0 uses them in the supervised loss only. The term is the mean over the draws, so higher values reduce its
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

/** Defaults and checks of `AlignmentOptions`. */
export const alignmentSchema: OptionsSchema<AlignmentOptions> = {
  alignmentWeight: option(finite(0), 0),
  alignmentForm: option(oneOf('cosine', 'contrastive'), 'cosine'),
  alignmentTemperature: option(finite(0.001), 0.1),
};

/** Defaults and checks of `GuidanceOptions`. */
export const guidanceSchema: OptionsSchema<GuidanceOptions> = {
  ...alignmentSchema,
  augmentedActions: option(whole(0), 1),
  augmentedBootstrap: option(oneOf('next', 'current'), 'next'),
  criticState: option(flag, false),
};

/** Refuses agents that could not rank in serving. @throws LeaError `E_OPTION_VALUE` */
export function checkRanking(
  type: string,
  { criticState, rankingHead }: Pick<GuidanceOptions, 'criticState'> & Pick<QOptions, 'rankingHead'>,
): void {
  if (!criticState || rankingHead !== 'q') return;
  throw new LeaError('E_OPTION_VALUE', `${type}: with criticState the agent cannot rank by its Q head.`, {
    value: rankingHead,
    hint: 'No environment is available in serving. Set rankingHead to "supervised" or criticState to false.',
  });
}
