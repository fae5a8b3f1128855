/** Files, for programs that run in Node. */
export { makeFolder, readError, readWhole, removeRemains, replaceFile, writeError } from './files.ts';
export { availableMemory } from './memory.ts';
export { readSealed, writeSealed } from './sealed-files.ts';
