import { type ArgumentCheck, argumentCheck, isObject } from '@lea/core';

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
export const checkLanguageModels: ArgumentCheck = argumentCheck(
  'a language model',
  (value) => isObject(value) && [value.config, value.tokenizer, value.params].every(isObject),
  'Make one with await catalogModel(texts) or await loadLanguageModel(path).',
);

/** Refuses what are no vectors of items. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkItemVectors: ArgumentCheck = argumentCheck(
  'vectors of items, with shape and data',
  (value) => isObject(value) && Array.isArray(value.shape) && ArrayBuffer.isView(value.data),
  'Pass the vectors: const { vectors: tokens } = await learnItemTokens(languageModel, texts).',
);

/** Refuses what is no architecture of a decoder. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkDecoderConfigs: ArgumentCheck = argumentCheck(
  'the config of a decoder',
  (value) => isObject(value) && typeof value.width === 'number' && typeof value.layers === 'number',
  'Take the config of a language model.',
);

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof value[name] === 'function');
}
