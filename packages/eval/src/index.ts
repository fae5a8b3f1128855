export { type Agreement, agreement, pairwiseAccuracy, pearson, spearman } from './agreement.ts';
export { type CoOccurrenceOptions, coOccurrence, coOccurrenceSchema } from './baselines/co-occurrence.ts';
export { type EaseOptions, ease, easeSchema } from './baselines/ease.ts';
export { type GramInverse, gramInverse } from './baselines/gram-inverse.ts';
export { type ItemKnnOptions, itemKnn, itemKnnSchema } from './baselines/item-knn.ts';
export { lastItemMarkov } from './baselines/last-item-markov.ts';
export { popularity } from './baselines/popularity.ts';
export type { Repeat } from './baselines/repeat.ts';
export { type RepeatHistoryOptions, repeatHistory, repeatHistorySchema } from './baselines/repeat-history.ts';
export {
  type SequentialRulesOptions,
  sequentialRules,
  sequentialRulesSchema,
} from './baselines/sequential-rules.ts';
export { type SessionKnnOptions, sessionKnnSchema } from './baselines/session-knn.ts';
export { sknn } from './baselines/sknn.ts';
export { type StanOptions, stan, stanSchema } from './baselines/stan.ts';
export { type TextSimilarityOptions, textSimilarity, textSimilaritySchema } from './baselines/text-similarity.ts';
export { type VsknnOptions, vsknn, vsknnSchema } from './baselines/vsknn.ts';
export {
  type BaselineContext,
  type BaselineDefinition,
  type BaselineFactory,
  baselineTypes,
  defineBaseline,
  findBaseline,
} from './define-baseline.ts';
export { type EvaluateOptions, type Evaluation, evaluate, evaluateSchema, type Protocol } from './evaluate.ts';
export type { EvaluationEvent } from './events.ts';
export type { Calibration, CalibrationBin, RewardReliability } from './fidelity/calibration.ts';
export { type FidelityOptions, fidelity, fidelitySchema } from './fidelity/fidelity.ts';
export { plattScaling } from './fidelity/platt-scaling.ts';
export type { AgainstBoth, Fidelity, FidelityRows } from './fidelity/result.ts';
export {
  type RewardAccuracy,
  type RewardAccuracyOptions,
  rewardAccuracy,
  rewardAccuracySchema,
} from './fidelity/reward-accuracy.ts';
export type { Moments } from './fidelity/statistics.ts';
export { type FidelitySubject, scoresAsRewards } from './fidelity/subject.ts';
export {
  evaluateInteractive,
  type InteractiveEvaluation,
  type InteractiveProtocol,
  type VisitMeasure,
} from './interactive/evaluate-interactive.ts';
export {
  compareReturns,
  type ReturnIntervalOptions,
  returnInterval,
  returnIntervalSchema,
} from './interactive/intervals.ts';
export { type InteractiveOptions, interactiveSchema, type StoppingRule } from './interactive/options.ts';
export {
  type ListEvaluation,
  type ListMetricsOptions,
  listMetrics,
  listMetricsSchema,
} from './lists/list-metrics.ts';
export { type ListMeasure, type ListMetric, parseListMetric } from './lists/names.ts';
export { type Recommendations, type RecommendListsOptions, recommend, recommendSchema } from './lists/recommend.ts';
export { averages, definedMeasures, defineMeasure, type Gain, type Metric, parseMetric, rankOf } from './metrics.ts';
export { type TextNearness, textNearness } from './nearness.ts';
export {
  type Comparison,
  clusteredMean,
  compare,
  type Estimate,
  type IntervalOptions,
  interval,
  intervalSchema,
} from './significance/compare.ts';
export {
  type CompareSeedsOptions,
  compareSeeds,
  compareSeedsSchema,
  type SeedComparison,
} from './significance/compare-seeds.ts';
export { holm } from './significance/holm.ts';
export {
  type BootstrapOptions,
  bootstrapSchema,
  bootstrapTest,
  permutationTest,
  type ResamplingOptions,
  type ResamplingTest,
  resamplingSchema,
} from './significance/resampling.ts';
export {
  type DifferenceTest,
  type TestDifferenceOptions,
  testDifference,
  testDifferenceSchema,
} from './significance/test-difference.ts';
export { type SignedRankTest, wilcoxon } from './significance/wilcoxon.ts';
export { type TfidfOptions, type TfidfVectors, tfidfSchema, tfidfVectors } from './tfidf.ts';
export type { TextVectors } from './vectors.ts';
