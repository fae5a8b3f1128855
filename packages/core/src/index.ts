export {
  type ArgumentCheck,
  argumentCheck,
  checkArrays,
  checkFunctions,
  checkNumbers,
  checkObjects,
  checkPaths,
  checkTexts,
  describeValue,
  isObject,
} from './arguments.ts';
export { checkChoices, checkRanges, checkSeed, type NumberRange } from './checks.ts';
export { LeaError, type LeaErrorDetails, show } from './error.ts';
export { eventLoopTurn } from './event-loop.ts';
export type { Given } from './given.ts';
export { contentHash, stableJson } from './hash.ts';
export { fold, integers, type Key, key, normal, permutation, randomBits, uniform } from './key.ts';
export { nearest, unknownKey, withDefaults } from './options.ts';
export {
  checkDefinition,
  createRegistry,
  definitionCount,
  optionsOf,
  type Registry,
  type TypeDefinition,
} from './registry.ts';
export { type Resource, resource } from './resource.ts';
export {
  abortSignal,
  type Check,
  counts,
  custom,
  defaultsOf,
  entriesOf,
  finite,
  flag,
  type Option,
  type OptionsSchema,
  oneOf,
  option,
  parseOptions,
  positive,
  reference,
  seed,
  share,
  text,
  whole,
  wholeOrInfinity,
} from './schema.ts';
export { sealed, unsealed } from './sealed.ts';
export { deviation, mean } from './statistics.ts';
export { type Progress, type Task, task } from './task.ts';
export { weightedDraw } from './weighted-draw.ts';
