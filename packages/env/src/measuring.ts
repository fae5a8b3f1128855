/**
 * The programs inside `fitEnvironment`, `learnItemTokens` and environments, for those who measure or check them apart
 * from their loops. May change with any version.
 *
 * @module
 */
export { DEFAULTS as catalogueModelDefaults } from './catalogue-model.ts';
export { createEnvironment, type EnvironmentParts } from './environment.ts';
export { DEFAULTS as fitDefaults } from './fit-options.ts';
export { type FitPreparation, prepareFit } from './fit-preparation.ts';
export { type ItemTokenStep, itemTokenStep, meanWords } from './item-token-step.ts';
export { DEFAULTS as itemTokenDefaults } from './item-tokens.ts';
export { type TokenRows, tokenRows } from './language-model.ts';
export { ready } from './runtime.ts';
export type { BatchShape, Segment } from './segments.ts';
export { stack, trainingState } from './steps.ts';
export type { NormalisedTokens } from './tokens.ts';
