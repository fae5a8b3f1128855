import { type ArgumentCheck, argumentCheck, isObject } from '@lea/core';

/** How to get a language model. */
export const LANGUAGE_MODELS = 'Make one with await catalogModel(texts) or await loadLanguageModel(path).';

/** Refuses what is no fitted environment. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkEnvironments: ArgumentCheck = argumentCheck(
  'a fitted environment',
  (value) => hasMethods(value, 'states', 'score', 'rewards', 'positives'),
  'Make one with await fitEnvironment(...) or await loadEnvironment(folder).',
);

/** Refuses what is no environment to step through. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkStepEnvironments: ArgumentCheck = argumentCheck(
  'a step environment',
  (value) => hasMethods(value, 'reset', 'step', 'fork', 'vectorize'),
  'Make one with await stepEnvironment(environment).',
);

/** Refuses what is no language model. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkLanguageModels: ArgumentCheck = argumentCheck('a language model', isLanguageModel, LANGUAGE_MODELS);

/** Refuses what is no architecture of a decoder. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkDecoderConfigs: ArgumentCheck = argumentCheck(
  'the config of a decoder',
  (value) => isObject(value) && typeof value.width === 'number' && typeof value.layers === 'number',
  'Take the config of a language model.',
);

/** Whether a value has the parts of a language model. */
export function isLanguageModel(value: unknown): boolean {
  return isObject(value) && [value.config, value.tokenizer, value.params].every(isObject);
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof value[name] === 'function');
}
