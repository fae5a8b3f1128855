import {
  argumentCheck,
  checkArrays,
  checkChoices,
  checkObjects,
  checkSeed,
  fold,
  type Given,
  type Key,
  key,
  LeaError,
  permutation,
  uniform,
  withDefaults,
} from '@lea/core';
import { checkInteractions } from '../arguments.ts';
import { indexOf, unknownId } from '../ids.ts';
import type { Interactions } from '../interactions.ts';
import { emptySet, type SetName, type Split, setNames, splitBy } from './split.ts';

/** Options of `splitByUser`. */
export interface SplitByUserOptions {
  /** Seed of the random assignment of users. Default: 0. */
  seed: number;
  /** Shares of users in train, validation and test, with sum 1. Default: [0.8, 0.1, 0.1]. */
  fractions: readonly [number, number, number];
  /**
   * Whether users keep their set when the log grows. False: shares are exact, but one new user moves many others. True: the set
   * depends on the seed, the shares and the user's own id alone, and shares are met on average. Default: false.
   */
  stable: boolean;
}

/**
 * Assigns whole users to train, validation and test at random, so no event of a test user is used in training.
 * Validation and test get at least one user each if their shares are above 0, unless the split is `stable`.
 *
 * @throws LeaError `E_OPTION_VALUE`, `E_SPLIT_FRACTIONS`, `E_SPLIT_EMPTY`
 */
export function splitByUser(data: Interactions, options?: Given<SplitByUserOptions>): Split {
  checkInteractions('splitByUser', { data });
  const { seed, fractions, stable } = withDefaults<SplitByUserOptions>(
    'splitByUser',
    { seed: 0, fractions: [0.8, 0.1, 0.1], stable: false },
    options,
  );
  checkSeed('splitByUser', seed);
  checkChoices('splitByUser', { stable }, { stable: [true, false] });
  const shares =
    Array.isArray(fractions) && fractions.length === 3 && fractions.every((f) => Number.isFinite(f) && f >= 0);
  if (!shares || Math.abs(fractions.reduce((sum, share) => sum + share) - 1) > 1e-9) {
    throw new LeaError('E_SPLIT_FRACTIONS', 'fractions must be three shares that add up to 1.', {
      value: fractions,
      hint: 'For example, use [0.8, 0.1, 0.1].',
    });
  }
  const root = fold(key(seed), 'splitByUser');
  const setOf = stable ? setsById(data.userIds, root, fractions) : setsByOrder(data.userIds.length, root, fractions);
  const split = splitUsers(data, setOf, { kind: 'user', seed, fractions, ...(stable && { stable }) });
  const empty = setNames.find((name, i) => fractions[i]! > 0 && split[name].count === 0);
  if (empty) {
    const hint = stable
      ? 'A stable split draws for each user alone. Raise the share, change the seed, or use more users.'
      : 'Use more users.';
    throw emptySet(`for ${empty}: its share of ${data.userIds.length} users is none`, fractions, hint);
  }
  return split;
}

type Fractions = SplitByUserOptions['fractions'];

/** Sets of the sizes that the shares give, in a random order of the users' positions. */
function setsByOrder(users: number, root: Key, [, validationShare, testShare]: Fractions): SetName[] {
  const share = (fraction: number) => (fraction > 0 ? Math.max(1, Math.round(fraction * users)) : 0);
  const validation = share(validationShare);
  const test = share(testShare);
  const order = permutation(root, users);
  const setOf: SetName[] = new Array(users).fill('train');
  for (const user of order.subarray(0, validation)) setOf[user] = 'validation';
  for (const user of order.subarray(validation, validation + test)) setOf[user] = 'test';
  return setOf;
}

/** The set of each user by a draw of its own, so that no other user can change it. */
function setsById(userIds: readonly string[], root: Key, [, validation, test]: Fractions): SetName[] {
  const byId = fold(root, 'stable');
  return userIds.map((id) => {
    const draw = uniform(fold(byId, id), 1)[0]!;
    return draw < validation ? 'validation' : draw < validation + test ? 'test' : 'train';
  });
}

const checkIds = argumentCheck(
  'an array of user ids as texts',
  (value) => Array.isArray(value) && value.every((id) => typeof id === 'string'),
  'Ids are texts, whatever their type in the log: "7", not 7.',
);

/**
 * Assigns whole users to validation and test by lists of raw user ids; all other users are in train.
 *
 * @throws LeaError `E_ID_UNKNOWN`, `E_SPLIT_OVERLAP`, `E_SPLIT_EMPTY`
 */
export function splitByUserLists(
  data: Interactions,
  lists: { validation: readonly string[]; test: readonly string[] },
): Split {
  checkInteractions('splitByUserLists', { data });
  checkObjects('splitByUserLists', { lists });
  checkArrays('splitByUserLists', { validation: lists.validation, test: lists.test });
  checkIds('splitByUserLists', { validation: lists.validation, test: lists.test });
  const index = indexOf(data.userIds);
  const setOf: SetName[] = new Array(data.userIds.length).fill('train');
  for (const name of ['validation', 'test'] as const) {
    for (const id of lists[name]) {
      const user = index.get(id);
      if (user === undefined) throw unknownId(`${name} users`, id, data.userIds);
      if (name === 'test' && setOf[user] === 'validation') {
        throw new LeaError('E_SPLIT_OVERLAP', 'A user is listed for both validation and test.', {
          value: id,
          hint: 'List every user once.',
        });
      }
      setOf[user] = name;
    }
  }
  return splitUsers(data, setOf, { kind: 'user-lists' });
}

function splitUsers(data: Interactions, setOf: SetName[], info: { kind: string; [name: string]: unknown }): Split {
  const users = Object.fromEntries(setNames.map((name) => [name, setOf.filter((set) => set === name).length]));
  return splitBy(data, (_, user) => setOf[user], { ...info, users });
}
