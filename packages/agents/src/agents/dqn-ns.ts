import { fold, LeaError, option } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AgentFactory, agentFactory } from '../define.ts';
import { initHead } from '../heads.ts';
import { aligned, initAlignment } from './alignment.ts';
import { critic } from './critic.ts';
import { checkRanking } from './guidance.ts';
import { criticMetrics, criticTerm, criticTerms } from './loss.ts';
import { encoderTables, historiesOf, onePhase, passMode, qParts } from './parts.ts';
import { type SnqnOptions, snqnSchema } from './snqn.ts';

/**
 * Double DQN with sampled negative actions and no supervised head (the Q-only baseline of Xin et al., WSDM 2022):
 * L = w (1/2 (y - Q(s,a))^2 + sum_j 1/2 (y_n - Q(s,n_j))^2). Ranks by Q. The default reward of negative actions is -1. `loss`
 * only says whether Q reads all items (`softmax`) or sampled ones (`sampled-softmax`). It learns from the last state alone, also
 * where the encoder has `everyPosition`.
 */
export const dqnNs: AgentFactory<SnqnOptions> = agentFactory<SnqnOptions>({
  type: 'dqn-ns',
  schema: {
    ...snqnSchema,
    negativeReward: option(snqnSchema.negativeReward.wrapped, -1),
    rankingHead: option(snqnSchema.rankingHead.wrapped, 'q'),
  },
  check(options) {
    checkRanking('dqn-ns', options);
    refuse(options.rankingHead === 'q', 'rankingHead', options.rankingHead, 'dqn-ns always ranks by its Q head.');
    refuse(
      options.bcqThreshold === 0,
      'bcqThreshold',
      options.bcqThreshold,
      'The filter needs a supervised head. Use sqn or snqn.',
    );
    refuse(options.loss !== 'gbce', 'gbce', options.loss, 'Set loss to "sampled-softmax": it samples the same items.');
    refuse(
      options.calibration === 0,
      'calibration',
      options.calibration,
      'It calibrates the loss "gbce". Leave it out.',
    );
  },
  build(options, encoder) {
    const parts = qParts(options, encoder);
    return {
      ...parts,
      everyPosition: false,
      itemTables: { ...encoderTables(encoder), 'q.weight': 'choices' },
      init: (key, shape, text) => ({
        ...encoder.init(fold(key, 'encoder'), shape, text),
        ...initAlignment(key, options, encoder, shape),
        ...initHead(fold(key, 'heads'), 'q', shape.items, encoder.outputSize),
      }),
      phases: onePhase(options.lr),
      loss(input) {
        const state = encoder.encode(input.params, historiesOf(input), passMode(input, 'main'));
        const values = critic(input, encoder, state, options);
        const loss = tf.mean(criticTerm(values, options)) as tf.Scalar;
        return aligned({ loss, metrics: criticMetrics(values), terms: criticTerms(values) }, input, state, options);
      },
    };
  },
});

function refuse(fine: boolean, option: string, value: unknown, why: string): void {
  if (fine) return;
  throw new LeaError('E_OPTION_VALUE', `dqn-ns: ${option} cannot be used without a supervised head.`, {
    value,
    hint: why,
  });
}
