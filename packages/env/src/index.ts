export { type AnnotateOptions, annotate, annotateToFiles } from './annotate.ts';
export { type AnnotateRewardsOptions, annotateRewards } from './annotate-rewards.ts';
export { type Annotation, type AnnotationColumns, rewardStatistics } from './annotation.ts';
export type { AnnotationFiles } from './annotation-files.ts';
export type { PromptShape } from './candidate-prompt.ts';
export { type CatalogueModelOptions, catalogueModel } from './catalogue-model.ts';
export { type CrossFitOptions, type CrossFittedAnnotation, crossFit } from './cross-fit.ts';
export type { DecoderConfig, DecoderLayout, RopeScaling } from './decoders/config.ts';
export {
  type DecoderMode,
  decode,
  embedWords,
  hiddenStates,
  type KeysAndValues,
  readSlots,
} from './decoders/decode.ts';
export type { LoraOptions } from './decoders/lora.ts';
export { causalMask } from './decoders/masks.ts';
export { decoderSpecs, initDecoder } from './decoders/modules.ts';
export type { Encoded } from './encoded.ts';
export { type Environment, loadEnvironment, type RewardOptions } from './environment.ts';
export type { Catalogue } from './environment-catalogue.ts';
export type { EnvironmentConfig } from './environment-model.ts';
export type { Calibration, CalibrationBin, RewardReliability } from './fidelity/calibration.ts';
export {
  type AgainstBoth,
  type Fidelity,
  type FidelityOptions,
  type FidelityRows,
  fidelity,
} from './fidelity/fidelity.ts';
export { type RewardAccuracy, type RewardAccuracyOptions, rewardAccuracy } from './fidelity/reward-accuracy.ts';
export type { Moments } from './fidelity/statistics.ts';
export { type FidelitySubject, scoresAsRewards } from './fidelity/subject.ts';
export { fitEnvironment } from './fit-environment.ts';
export type { FitEnvironmentOptions } from './fit-options.ts';
export { type DownloadOptions, downloadLanguageModel } from './hub/download-language-model.ts';
export { type ItemTokenOptions, type ItemTokens, learnItemTokens } from './item-tokens.ts';
export type { LanguageModel } from './language-model.ts';
export { loadLanguageModel } from './load-language-model.ts';
export type { PositiveOptions, PositiveRule } from './positives.ts';
export { finish, type Progress } from './progress.ts';
export type { Budget, Prices, Spent } from './prompted/budget.ts';
export type { PromptedModelOptions } from './prompted/options.ts';
export { type Forecast, type PromptedModel, promptedModel } from './prompted/prompted-model.ts';
export type { RewardCalibration } from './reward-calibration.ts';
export type { RewardModel } from './reward-model.ts';
export { saveLanguageModel } from './save-language-model.ts';
export { subsetOfSequences } from './segments.ts';
export { type Actor, type ActorMoment, greedyActor, type ItemScorer, uniformActor } from './step/actors.ts';
export { type CheckOptions, checkEnvironment, type Problem } from './step/check-environment.ts';
export type { Scale, StepOptions } from './step/options.ts';
export { type Rollout, type RolloutOptions, rollout, type Statistic } from './step/rollout.ts';
export { type EnvironmentServer, type ServeOptions, serveEnvironment } from './step/serve-environment.ts';
export type { Box, Discrete, MultiDiscrete, Point, Space } from './step/spaces.ts';
export { stepEnvironment } from './step/step-environment.ts';
export type { AutoresetMode, Observation, StepEnvironment, StepInfo, VectorStepEnvironment } from './step/types.ts';
export { type TextVectorOptions, textVectors } from './text-vectors.ts';
export {
  type SpecialToken,
  type Tokenizer,
  type TokenizerOptions,
  tokenizerFrom,
  trainTokenizer,
} from './tokenizer.ts';
export type { Positives } from './top-items.ts';
