import { ce, createPolicy, gru4rec, type Policy, sasrec, snqn, vpq } from '@lea/agents';
import { afterEach, describe, expect, it } from 'vitest';
import type { TrainOptions } from '../options.ts';
import { planOf } from '../plan.ts';
import { disposeOpen, encoder, ITEMS, ids, open, options, permuted, policyOf, sampled } from './testing.ts';

afterEach(disposeOpen);

describe('what init refuses', () => {
  const thrown = (given: Partial<TrainOptions>, itemIds = ids(ITEMS)): unknown => {
    try {
      planOf(options(itemIds, given));
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it.each<[string, () => Policy, RegExp]>([
    ['another agent', () => policyOf(snqn({ encoder })), /expected a policy with agent "ce"\. Got "snqn"/],
    [
      'another encoder',
      () => policyOf(ce({ encoder: gru4rec({ width: 4 }) })),
      /with encoder "sasrec"\. Got "gru4rec"/,
    ],
    ['another size', () => policyOf(ce({ encoder: sasrec({ width: 8, dropout: 0 }) })), /with encoder.width 4\. Got 8/],
    [
      'an option that changes no form',
      () => policyOf(ce({ encoder: sasrec({ width: 4, dropout: 0, activation: 'gelu' }) })),
      /with encoder.activation "relu"\. Got "gelu"/,
    ],
    [
      'another window',
      () => policyOf(ce({ encoder }), { window: 5 }),
      /expected float32\[4, 4\] as the parameter "enc.pos" of the policy\. Got "float32\[5, 4\]"/,
    ],
    [
      'no item in common',
      () => policyOf(ce({ encoder }), { itemIds: permuted.map((id) => `x${id}`) }),
      /shares items with the train data/,
    ],
    ['no policy', () => ({}) as Policy, /expected a policy\./],
  ])('%s', (_, init, message) => {
    expect(thrown({ init: init() })).toMatchObject({ code: 'E_TRAIN_INIT', message: expect.stringMatching(message) });
  });

  it('heads of another form, and a policy without ids', () => {
    const vpqOf = (qHeads: number) => vpq({ encoder, qHeads });
    expect(thrown({ agent: vpqOf(3), init: policyOf(vpqOf(2)) })).toMatchObject({
      code: 'E_TRAIN_INIT',
      message: expect.stringMatching(/float32\[12, 15\] as the parameter "q.weight".*Got "float32\[12, 10\]"/),
    });
    const agent = ce({ encoder });
    const { params, shape } = policyOf(agent);
    const init = createPolicy(agent, params, shape, { threads: 1 });
    open.push(init);
    expect(thrown({ init })).toMatchObject({
      code: 'E_TRAIN_INIT',
      message: expect.stringMatching(/expected a policy with item ids\. Train it with fit/),
    });
  });

  it('not a learning rate or a loss of its own', () => {
    const init = policyOf(ce({ encoder }));
    for (const agent of [ce({ encoder, lr: 0.1 }), ce({ encoder, ...sampled })])
      expect(thrown({ agent, init })).toBeUndefined();
  });
});
