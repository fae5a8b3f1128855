import * as tf from '@tensorflow/tfjs-core';
import { checkChoices, checkRanges } from '../checks.ts';
import { type AgentFactory, agentFactory } from '../define.ts';
import {
  type EnsembleOptions,
  headStd,
  headValues,
  meanHead,
  mixtureWeights,
  penalizedEnsemble,
} from '../losses/ensemble.ts';
import { type Critic, learningCritic } from './critic.ts';
import { actorCriticLoss, learningStates } from './loss.ts';
import { initCritic } from './parts.ts';
import { checkSac, type SacOptions, sacDefaults, sacParts, valueWeight } from './sac.ts';

/** Options of `vpq`. */
export interface VpqOptions extends SacOptions, EnsembleOptions {}

/**
 * Value Penalized Q-Learning (Gao et al., SIGIR 2022): SAC with an ensemble as Q head. Predictions are a random mixture of the
 * heads, Q_w = sum_k w_k Q_k, with w redrawn every step (REM). Targets are penalized by the standard deviation of the heads,
 * V = Q / (1 + penalty * std): the next action maximizes V of the mean of the heads and is evaluated by V of the target
 * network's mixture. `q.weight` is [N, heads (H+1)]; the ranking head `q` uses the mean of the heads.
 */
export const vpq: AgentFactory<VpqOptions> = agentFactory<VpqOptions>({
  type: 'vpq',
  defaults: { ...sacDefaults, qHeads: 15, uncertaintyPenalty: 10, penaltyForm: 'ratio' },
  check(options) {
    checkSac('vpq', options);
    checkRanges('vpq', options, { qHeads: [1, Infinity, 'whole'], uncertaintyPenalty: [0, Number.MAX_VALUE] });
    checkChoices('vpq', options, { penaltyForm: ['ratio', 'difference'] });
  },
  build(options, encoder) {
    const parts = sacParts(options, encoder);
    return {
      ...parts,
      init: (key, shape, text) => ({
        ...parts.init(key, shape, text),
        ...initCritic(key, options, encoder, shape, options.qHeads),
      }),
      loss(input) {
        const states = learningStates(input, encoder);
        const valuation = penalizedEnsemble(options, mixtureWeights(input.key, options.qHeads));
        const weigh = input.phase === 'actor' ? ({ logged }: Critic) => valueWeight(logged.q, options) : undefined;
        const result = actorCriticLoss(input, encoder, options, weigh, states, valuation);
        const at = learningCritic(input, states.last, options);
        const std = headStd(headValues(at, input.batch.action!, options.qHeads));
        return { ...result, metrics: { ...result.metrics, 'q/std': tf.mean(std) } };
      },
      score: (params, histories, frozen) =>
        parts.score(
          options.rankingHead === 'q'
            ? { ...params, 'q.weight': meanHead(params['q.weight']!, options.qHeads) }
            : params,
          histories,
          frozen,
        ),
    };
  },
});
