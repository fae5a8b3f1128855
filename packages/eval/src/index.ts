export { type Agreement, agreement, pairwiseAccuracy, pearson, spearman } from './agreement.ts';
export { type CoOccurrenceOptions, coOccurrence } from './baselines/co-occurrence.ts';
export { type EaseOptions, ease } from './baselines/ease.ts';
export { type GramInverse, gramInverse } from './baselines/gram-inverse.ts';
export { type ItemKnnOptions, itemKnn } from './baselines/item-knn.ts';
export { lastItemMarkov } from './baselines/last-item-markov.ts';
export { popularity } from './baselines/popularity.ts';
export type { Repeat } from './baselines/repeat.ts';
export { repeatHistory } from './baselines/repeat-history.ts';
export type { SessionKnnOptions } from './baselines/session-knn.ts';
export { sknn } from './baselines/sknn.ts';
export { type StanOptions, stan } from './baselines/stan.ts';
export { type TextSimilarityOptions, textSimilarity } from './baselines/text-similarity.ts';
export { vsknn } from './baselines/vsknn.ts';
export {
  type BaselineContext,
  type BaselineDefinition,
  type BaselineFactory,
  baselineTypes,
  defineBaseline,
  findBaseline,
} from './define-baseline.ts';
export { type EvaluateOptions, type Evaluation, evaluate, type Protocol } from './evaluate.ts';
export type { EvaluationEvent } from './events.ts';
export type { Calibration, CalibrationBin, RewardReliability } from './fidelity/calibration.ts';
export {
  type AgainstBoth,
  type Fidelity,
  type FidelityOptions,
  type FidelityRows,
  fidelity,
} from './fidelity/fidelity.ts';
export { plattScaling } from './fidelity/platt-scaling.ts';
export { type RewardAccuracy, type RewardAccuracyOptions, rewardAccuracy } from './fidelity/reward-accuracy.ts';
export type { Moments } from './fidelity/statistics.ts';
export { type FidelitySubject, scoresAsRewards } from './fidelity/subject.ts';
export { averages, definedMeasures, defineMeasure, type Gain, type Metric, parseMetric, rankOf } from './metrics.ts';
export { type TextNearness, textNearness } from './nearness.ts';
export {
  type Comparison,
  clusteredMean,
  compare,
  type Estimate,
  type IntervalOptions,
  interval,
} from './significance.ts';
export { type TfidfOptions, type TfidfVectors, tfidfVectors } from './tfidf.ts';
export type { TextVectors } from './vectors.ts';
