import { checkRanges } from '../checks.ts';
import { type AgentFactory, agentFactory } from '../define.ts';
import type { NegativeOptions } from './critic-options.ts';
import { actorCriticLoss } from './loss.ts';
import { onePhase, qParts } from './parts.ts';
import { checkSqn, type SqnOptions, sqnDefaults } from './sqn.ts';

/** Options of `snqn`. */
export interface SnqnOptions extends SqnOptions {
  /**
   * Number of negative actions per row and step; about 10 is best in the paper. More: more stable values, slower.
   * Default: 10.
   */
  negatives: number;
  /** Their reward; -0.5 to -2 made little difference in the paper. Lower: unlogged actions get lower values. Default: 0. */
  negativeReward: number;
}

/** Default options of `snqn`. */
export const snqnDefaults: SnqnOptions = { ...sqnDefaults, negatives: 10, negativeReward: 0 };

/**
 * SQN with sampled negative actions (Xin et al., WSDM 2022): L = CE + w (1/2 (y - Q(s,a))^2 + sum_j 1/2 (y_n - Q(s,n_j))^2),
 * y_n = r_n + gamma Q'(s, argmax Q(s, .)): a negative action leaves the state unchanged and is never masked by `done`.
 */
export const snqn: AgentFactory<SnqnOptions> = agentFactory<SnqnOptions>({
  type: 'snqn',
  defaults: snqnDefaults,
  check: (options) => checkSnqn('snqn', options),
  build: (options, encoder) => ({
    ...qParts(options, encoder),
    phases: onePhase(options.lr),
    loss: (input) => actorCriticLoss(input, encoder, options),
  }),
});

/** @throws LeaError `E_OPTION_VALUE` */
export function checkSnqn(type: string, options: SnqnOptions): void {
  checkSqn(type, options);
  checkNegatives(type, options);
}

/** @throws LeaError `E_OPTION_VALUE` */
export function checkNegatives(type: string, options: NegativeOptions): void {
  checkRanges(type, options, {
    negatives: [1, Infinity, 'whole'],
    negativeReward: [-Number.MAX_VALUE, Number.MAX_VALUE],
  });
}
