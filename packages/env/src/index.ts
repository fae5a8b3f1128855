export {
  type AnnotateOptions,
  type AnnotationPart,
  annotate,
  annotatePart,
  annotateToFiles,
} from './annotation/annotate.ts';
export { type AnnotateRewardsOptions, annotateRewards } from './annotation/annotate-rewards.ts';
export { type CrossFitOptions, type CrossFittedAnnotation, crossFit } from './annotation/cross-fit.ts';
export type { AnnotationFiles } from './annotation/files.ts';
export { fitEnvironment } from './fit/fit-environment.ts';
export type { FitEnvironmentOptions } from './fit/fit-options.ts';
export { subsetOfSequences } from './fit/segments.ts';
export { type Actor, type ActorMoment, greedyActor, uniformActor } from './gym/actors.ts';
export { type CheckOptions, checkEnvironment, type Problem } from './gym/check-environment.ts';
export { type InteractiveUsersOptions, interactiveUsers } from './gym/interactive-users.ts';
export type { Scale, StepOptions } from './gym/options.ts';
export { type Rollout, type RolloutOptions, rollout, type Statistic } from './gym/rollout.ts';
export { type EnvironmentServer, type ServeEnvironmentOptions, serveEnvironment } from './gym/serve-environment.ts';
export type { Box, Discrete, MultiDiscrete, Point, Space } from './gym/spaces.ts';
export { stepEnvironment } from './gym/step-environment.ts';
export type { AutoresetMode, Observation, StepEnvironment, StepInfo, VectorStepEnvironment } from './gym/types.ts';
export type { Encoded } from './inference/encoded.ts';
export { type Environment, loadEnvironment, type RewardOptions } from './inference/environment.ts';
export type { PositiveOptions, PositiveRule } from './inference/positives.ts';
export type { Positives } from './inference/top-items.ts';
export { type DecoderVectorOptions, decoderVectors } from './items/decoder-vectors.ts';
export { type ItemTokenOptions, type ItemTokens, learnItemTokens } from './items/item-tokens.ts';
export { type TextVectorOptions, textVectors } from './items/text-vectors.ts';
export { type CatalogModelOptions, catalogModel } from './language-model/catalog-model.ts';
export type { DecoderConfig, DecoderLayout, RopeScaling } from './language-model/decoders/config.ts';
export { decode, embedWords, hiddenStates, readPositions } from './language-model/decoders/decode.ts';
export type { DecoderMode, KeysAndValues } from './language-model/decoders/decoder-mode.ts';
export type { LoraOptions } from './language-model/decoders/lora.ts';
export { causalMask } from './language-model/decoders/masks.ts';
export { decoderSpecs, initDecoder } from './language-model/decoders/modules.ts';
export { type DownloadOptions, downloadLanguageModel } from './language-model/hub/download-language-model.ts';
export type { LanguageModel } from './language-model/language-model.ts';
export { loadLanguageModel } from './language-model/load-language-model.ts';
export { saveLanguageModel } from './language-model/save-language-model.ts';
export {
  type SpecialToken,
  type Tokenizer,
  type TokenizerOptions,
  tokenizerFrom,
  trainTokenizer,
} from './language-model/tokenizer.ts';
export { type DrawExamplesOptions, drawExamples } from './likelihood/examples.ts';
export { type LikelihoodRewards, likelihoodRewards } from './likelihood/likelihood-rewards.ts';
export type { LikelihoodExamples, LikelihoodOptions } from './likelihood/options.ts';
export type { EnvironmentConfig, PromptShape } from './model/config.ts';
export type { Budget, Prices, Spent } from './prompted/budget.ts';
export type { PromptedModelOptions } from './prompted/options.ts';
export { type Forecast, type PromptedModel, promptedModel } from './prompted/prompted-model.ts';
export type { EnvironmentEvent } from './shared/events.ts';
