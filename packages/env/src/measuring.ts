/**
 * Internal programs of `fitEnvironment`, `learnItemTokens` and environments, for benchmarks and checks. May change in any
 * version.
 *
 * @module
 */

export { DEFAULTS as fitDefaults } from './fit/fit-options.ts';
export { type FitPreparation, prepareFit } from './fit/preparation.ts';
export type { BatchShape, Segment } from './fit/segments.ts';
export { createEnvironment, type EnvironmentParts } from './inference/environment.ts';
export { type ItemTokenStep, itemTokenStep, meanWords } from './items/item-token-step.ts';
export { DEFAULTS as itemTokenDefaults } from './items/item-tokens.ts';
export type { NormalizedTokens } from './items/tokens.ts';
export { DEFAULTS as catalogModelDefaults } from './language-model/catalog-model.ts';
export { type TokenRows, tokenRows } from './language-model/language-model.ts';
export { ready } from './shared/runtime.ts';
export { stack, trainingState } from './shared/steps.ts';
