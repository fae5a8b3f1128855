import { type ArgumentCheck, argumentCheck, isObject } from '@lea/core';

/** Refuses what is no agent. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkAgents: ArgumentCheck = argumentCheck(
  'an agent',
  (value) => isObject(value) && isObject(value.encoder) && isObject(value.config) && typeof value.init === 'function',
  'Make one, such as snqn({ encoder: sasrec() }).',
);

/** Refuses what is no policy of this package: policies of servePolicy as well. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkPolicies: ArgumentCheck = argumentCheck(
  'a policy',
  (value) => isObject(value) && isObject(value.agent) && isObject(value.params) && isObject(value.shape),
  'Train one with await fit(...), or read one with await loadPolicy(folder).',
);

/** Refuses what is no counting memory. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkMemories: ArgumentCheck = argumentCheck(
  'a counting memory',
  (value) => isObject(value) && isObject(value.config) && isObject(value.state),
  'Make one with countingMemory(train).',
);

/** Refuses what are no counts of a memory. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkStates: ArgumentCheck = argumentCheck(
  'the state of a counting memory',
  (value) => isObject(value) && isObject(value.tables),
  'Pass memory.state.',
);

/** Refuses what is no shape of a policy. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkShapes: ArgumentCheck = argumentCheck(
  'the shape of a policy, with items and window',
  (value) => isObject(value) && 'items' in value && 'window' in value,
);
