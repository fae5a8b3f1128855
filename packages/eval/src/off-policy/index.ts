export {
  type CountBehaviorOptions,
  countBehavior,
  countBehaviorSchema,
  type FitBehaviorOptions,
  fitBehavior,
  fitBehaviorSchema,
} from './behavior.ts';
export type { Bounds } from './bernstein.ts';
export type { BanditEstimator } from './columns.ts';
export { type EmbeddingClustersOptions, embeddingClusters, embeddingClustersSchema } from './embedding-clusters.ts';
export {
  type EstimateOptions,
  estimateSchema,
  type OffPolicyValueOptions,
  offPolicyValueSchema,
  type SequenceValueOptions,
  sequenceValueSchema,
} from './estimate-options.ts';
export type { OffPolicyDifference, OffPolicyEstimate } from './estimates.ts';
export type { BanditFeedback, Features, Trajectories } from './feedback.ts';
export { feedbackOf, trajectoriesOf } from './feedback-of.ts';
export { type FittedQOptions, fittedQ, fittedQSchema } from './fitted-q.ts';
export { offPolicyDifference, offPolicyValue } from './off-policy-value.ts';
export {
  type ActionPolicy,
  type EpsilonGreedyPolicyOptions,
  epsilonGreedyPolicy,
  epsilonGreedyPolicySchema,
  type SoftmaxPolicyOptions,
  softmaxPolicy,
  softmaxPolicySchema,
  type TopKPolicyOptions,
  tablePolicy,
  topKPolicy,
  topKPolicySchema,
  uniformPolicy,
} from './policy.ts';
export { type PolicyTerms, type PolicyTermsOptions, policyTerms, policyTermsSchema } from './policy-terms.ts';
export { type ActionValues, type FitRewardsOptions, fitRewards, fitRewardsSchema } from './reward-model.ts';
export type { SequenceEstimator } from './sequence-columns.ts';
export { sequenceDifference, sequenceValue } from './sequence-value.ts';
export { describeSupport, type Support, type SupportLimits, type SupportOptions, supportSchema } from './support.ts';
