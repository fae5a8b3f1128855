export { checkChoices, checkRanges, checkSeed, type NumberRange } from './checks.ts';
export { LeaError, type LeaErrorDetails, show } from './error.ts';
export { readError, readWhole, removeRemains, replaceFile, writeError } from './files.ts';
export { contentHash, stableJson } from './hash.ts';
export { fold, integers, type Key, key, normal, permutation, randomBits, uniform } from './key.ts';
export { nearest, unknownKey, withDefaults } from './options.ts';
export { createRegistry, optionsOf, type Registry, type TypeDefinition } from './registry.ts';
export { readSealed, sealed, unsealed, writeSealed } from './sealed.ts';
