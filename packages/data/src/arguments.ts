import { type ArgumentCheck, argumentCheck, isObject } from '@lea/core';

/** Refuses what are no events. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkInteractions: ArgumentCheck = argumentCheck(
  'interactions',
  (value) => isObject(value) && isIds(value.userIds) && isIds(value.itemIds) && isNumbers(value.user, value.item),
  'Make them with readInteractions or interactionsOf.',
);

/** Refuses what are no sequences. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkSequences: ArgumentCheck = argumentCheck(
  'sequences',
  isSequences,
  'Make them with sequences(interactions).',
);

/** Refuses what are no rows of a set: splits and interactions, too. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkTransitions: ArgumentCheck = argumentCheck(
  'rows of one set (transitions)',
  isTransitions,
  'Pass a set of a split, such as leaveOneOut(interactions).train.',
);

/** Refuses what is no split. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkSplits: ArgumentCheck = argumentCheck(
  'a split with train, validation and test',
  (value) => isObject(value) && [value.train, value.validation, value.test].every(isTransitions),
  'Make one, for example with leaveOneOut(interactions).',
);

/** Refuses what scores no items. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkScorers: ArgumentCheck = argumentCheck(
  'a scorer, with name, items, window and score',
  (value) => isObject(value) && typeof value.score === 'function' && isSized(value),
  'Pass a policy, an environment or a baseline, such as popularity(train).',
);

/** Refuses what gives no rewards. @throws LeaError `E_ARGUMENT_TYPE` */
export const checkRewardModels: ArgumentCheck = argumentCheck(
  'a reward model, with name, items, window and rewards',
  (value) => isObject(value) && typeof value.rewards === 'function' && isSized(value),
  'Pass an environment or a prompted model.',
);

function isTransitions(value: unknown): boolean {
  return isObject(value) && isSequences(value.sequences) && isNumbers(value.event, value.sequence);
}

function isSequences(value: unknown): boolean {
  return isObject(value) && isIds(value.itemIds) && isNumbers(value.offsets, value.items);
}

function isSized({ items, window }: Record<string, unknown>): boolean {
  return typeof items === 'number' && typeof window === 'number';
}

function isIds(value: unknown): boolean {
  return Array.isArray(value);
}

function isNumbers(...values: readonly unknown[]): boolean {
  return values.every((value) => ArrayBuffer.isView(value));
}
