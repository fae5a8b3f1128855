import { describe, expect, it } from 'vitest';
import { badAnswers, optional, type RightArguments, testedFunctions } from '../../../core/src/fixtures/bad-calls.ts';
import { popularity } from '../index.ts';
import { transitionsOf } from '../testing/transitions.ts';
import * as all from './index.ts';

const set = transitionsOf(
  [
    [0, 1, { buy: 2 }],
    [1, 2],
  ],
  3,
);
const scorer = popularity(set);
const policy = all.uniformPolicy(3);
const rewards = { click: 0.2, purchase: 1 };
const feedback = await all.feedbackOf(set, policy, rewards);
const trajectories = await all.trajectoriesOf(set, policy, rewards, 0.9);

const right: Record<string, RightArguments> = {
  countBehavior: [set, {}],
  describeSupport: [feedback, policy, {}],
  embeddingClusters: [{ shape: [3, 1], data: [1, 2, 3] }, {}],
  epsilonGreedyPolicy: [scorer, {}],
  feedbackOf: [set, policy, rewards],
  fitBehavior: [scorer, set, {}],
  fitRewards: [feedback, optional({ folds: 2 })],
  fittedQ: [trajectories, policy, optional({ folds: 2 })],
  offPolicyDifference: [feedback, policy, policy, optional({ unsupported: 'estimate' })],
  offPolicyValue: [feedback, policy, optional({ unsupported: 'estimate' })],
  policyTerms: [feedback, policy, {}],
  sequenceDifference: [trajectories, policy, policy, optional({ unsupported: 'estimate' })],
  sequenceValue: [trajectories, policy, optional({ unsupported: 'estimate' })],
  softmaxPolicy: [scorer, {}],
  tablePolicy: ['p', 1, [1]],
  topKPolicy: [scorer, {}],
  trajectoriesOf: [set, policy, rewards, 0.9],
  uniformPolicy: [3],
};

describe('arguments of another kind', () => {
  it.each(testedFunctions(all, {}))('are refused by name: %s', async (name, call) => {
    expect(right[name], `right arguments of ${name} for this test`).toBeDefined();
    expect(await badAnswers(call, right[name]!)).toEqual([]);
  });
});
