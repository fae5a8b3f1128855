import { finite, type OptionsSchema, oneOf, option, whole } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
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
import { checkRanking } from './guidance.ts';
import { actorCriticLoss, learningStates } from './loss.ts';
import { initCritic } from './parts.ts';
import { type SacOptions, sacParts, sacSchema, valueWeight } from './sac.ts';

/** Options of `vpq`. */
export interface VpqOptions extends SacOptions, EnsembleOptions {}

const schema: OptionsSchema<VpqOptions> = {
  ...sacSchema,
  qHeads: option(whole(1), 15),
  uncertaintyPenalty: option(finite(0), 10),
  penaltyForm: option(oneOf('ratio', 'difference'), 'ratio'),
};

/**
 * Value Penalized Q-Learning (Gao et al., SIGIR 2022): SAC with an ensemble as Q head. Predictions are a random mixture of the
 * heads, Q_w = sum_k w_k Q_k, with w redrawn every step (REM). Targets are penalized by the standard deviation of the heads,
 * V = Q / (1 + penalty * std): the next action maximizes V of the mean of the heads and is evaluated by V of the target
 * network's mixture. `q.weight` is [N, heads (H+1)]; the ranking head `q` uses the mean of the heads.
 */
export const vpq: AgentFactory<VpqOptions> = agentFactory<VpqOptions>({
  type: 'vpq',
  schema,
  check: (options) => checkRanking('vpq', options),
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
