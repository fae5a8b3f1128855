import { type AgentFactory, agentFactory } from '../define.ts';
import { checkGuidance, type GuidanceOptions, guidanceDefaults } from './guidance.ts';
import { actorCriticLoss } from './loss.ts';
import { checkQ, type QOptions, qDefaults } from './options.ts';
import { onePhase, qParts } from './parts.ts';

/** Options of `sqn`. */
export interface SqnOptions extends QOptions, GuidanceOptions {}

export const sqnDefaults: SqnOptions = { ...qDefaults, ...guidanceDefaults };

/** Self-supervised Q-learning (Xin et al., SIGIR 2020): L = CE + w 1/2 (y - Q(s,a))^2 with double-Q targets. */
export const sqn: AgentFactory<SqnOptions> = agentFactory<SqnOptions>({
  type: 'sqn',
  defaults: sqnDefaults,
  check: (options) => checkSqn('sqn', options),
  build: (options, encoder) => ({
    ...qParts(options, encoder),
    phases: onePhase(options.lr),
    loss: (input) => actorCriticLoss(input, encoder, options),
  }),
});

/** @throws LeaError `E_OPTION_VALUE` */
export function checkSqn(type: string, options: SqnOptions): void {
  checkQ(type, options);
  checkGuidance(type, options);
}
