import { finite, type OptionsSchema, option, whole } from '@lea/core';
import { type AgentFactory, agentFactory } from '../define.ts';
import type { NegativeOptions } from './critic-options.ts';
import { checkRanking } from './guidance.ts';
import { actorCriticLoss } from './loss.ts';
import { onePhase, qParts } from './parts.ts';
import { type SqnOptions, sqnSchema } from './sqn.ts';

/** Options of `snqn`. */
export interface SnqnOptions extends SqnOptions, NegativeOptions {}

/** Defaults and checks of `NegativeOptions`. */
export const negativeSchema: OptionsSchema<NegativeOptions> = {
  negatives: option(whole(1), 10),
  negativeReward: option(finite(-Number.MAX_VALUE), 0),
};

export const snqnSchema: OptionsSchema<SnqnOptions> = { ...sqnSchema, ...negativeSchema };

/**
 * SQN with sampled negative actions (Xin et al., WSDM 2022): L = CE + w (1/2 (y - Q(s,a))^2 + sum_j 1/2 (y_n - Q(s,n_j))^2),
 * y_n = r_n + gamma Q'(s, argmax Q(s, .)): a negative action leaves the state unchanged and is never masked by `done`.
 */
export const snqn: AgentFactory<SnqnOptions> = agentFactory<SnqnOptions>({
  type: 'snqn',
  schema: snqnSchema,
  check: (options) => checkRanking('snqn', options),
  build: (options, encoder) => ({
    ...qParts(options, encoder),
    phases: onePhase(options.lr),
    loss: (input) => actorCriticLoss(input, encoder, options),
  }),
});
