/**
 * Internal programs of `fitEnvironment`, `learnItemTokens` and environments, for benchmarks and checks. May change in any
 * version.
 *
 * @module
 */

import { defaultsOf } from '@lea/core';
import { annotateSchema } from './annotation/annotate.ts';
import { type FitEnvironmentOptions, fitSchema, type Needed } from './fit/fit-options.ts';
import { checkSchema } from './gym/check-environment.ts';
import { rolloutSchema } from './gym/rollout.ts';
import { serveSchema } from './gym/serve-environment.ts';
import { type DecoderVectorOptions, decoderVectorSchema } from './items/decoder-vectors.ts';
import { type ItemTokenOptions, itemTokenSchema } from './items/item-tokens.ts';
import { textVectorSchema } from './items/text-vectors.ts';
import { type CatalogModelOptions, catalogModelSchema } from './language-model/catalog-model.ts';
import { downloadSchema } from './language-model/hub/download-language-model.ts';
import { drawExamplesSchema } from './likelihood/examples.ts';
import { type LikelihoodOptions, likelihoodSchema } from './likelihood/options.ts';
import { promptedModelSchema } from './prompted/options.ts';

export { needsTokens } from './fit/fit-config.ts';
export type { FitData } from './fit/fit-data.ts';
export type { FitStep } from './fit/fit-step.ts';
export type { FitWeights } from './fit/fit-weights.ts';
export { type FitPreparation, prepareFit } from './fit/preparation.ts';
export type { BatchShape, Segment } from './fit/segments.ts';
export { createEnvironment, type EnvironmentParts } from './inference/environment.ts';
export { type ItemTokenStep, itemTokenStep, meanWords } from './items/item-token-step.ts';
export type { NormalizedTokens } from './items/tokens.ts';
export { type TokenRows, tokenRows } from './language-model/language-model.ts';
export { ready } from './shared/runtime.ts';
export { stack, trainingState } from './shared/steps.ts';

export {
  annotateSchema,
  catalogModelSchema,
  checkSchema,
  decoderVectorSchema,
  downloadSchema,
  drawExamplesSchema,
  fitSchema,
  itemTokenSchema,
  likelihoodSchema,
  promptedModelSchema,
  rolloutSchema,
  serveSchema,
  textVectorSchema,
};
export const fitDefaults: Omit<FitEnvironmentOptions, Needed> = defaultsOf(fitSchema);
export const decoderVectorDefaults: DecoderVectorOptions = defaultsOf(decoderVectorSchema);
export const itemTokenDefaults: ItemTokenOptions = defaultsOf(itemTokenSchema);
export const catalogModelDefaults: CatalogModelOptions = defaultsOf(catalogModelSchema);
export const likelihoodDefaults: LikelihoodOptions = defaultsOf(likelihoodSchema);
