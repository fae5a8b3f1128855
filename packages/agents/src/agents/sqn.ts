import { type AgentFactory, agentFactory } from '../define.ts';
import { actorCriticLoss } from './loss.ts';
import { checkQ, type QOptions, qDefaults } from './options.ts';
import { onePhase, qParts } from './parts.ts';

/** Self-supervised Q-learning (Xin et al., SIGIR 2020): L = CE + w 1/2 (y - Q(s,a))^2 with double-Q targets. */
export const sqn: AgentFactory<QOptions> = agentFactory<QOptions>({
  type: 'sqn',
  defaults: qDefaults,
  check: (options) => checkQ('sqn', options),
  build: (options, encoder) => ({
    ...qParts(options, encoder),
    phases: onePhase(options.lr),
    loss: (input) => actorCriticLoss(input, encoder, options),
  }),
});
