import type { OptionsSchema } from '@lea/core';
import { type AgentFactory, agentFactory } from '../define.ts';
import { checkRanking, type GuidanceOptions, guidanceSchema } from './guidance.ts';
import { actorCriticLoss } from './loss.ts';
import { type QOptions, qSchema } from './options.ts';
import { onePhase, qParts } from './parts.ts';

/** Options of `sqn`. */
export interface SqnOptions extends QOptions, GuidanceOptions {}

export const sqnSchema: OptionsSchema<SqnOptions> = { ...qSchema, ...guidanceSchema };

/** Self-supervised Q-learning (Xin et al., SIGIR 2020): L = CE + w 1/2 (y - Q(s,a))^2 with double-Q targets. */
export const sqn: AgentFactory<SqnOptions> = agentFactory<SqnOptions>({
  type: 'sqn',
  schema: sqnSchema,
  check: (options) => checkRanking('sqn', options),
  build: (options, encoder) => ({
    ...qParts(options, encoder),
    phases: onePhase(options.lr),
    loss: (input) => actorCriticLoss(input, encoder, options),
  }),
});
