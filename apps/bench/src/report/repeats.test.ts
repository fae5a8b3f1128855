import { interactionsOf, leaveOneOut } from '@lea/data';
import { expect, test } from 'vitest';
import type { Context } from '../experiment/context.ts';
import { repeatNotes } from './repeats.ts';

/** Users who choose these items one after the other; the last one is in the test set. */
const contextOf = (users: readonly string[], exclude?: 'seen') => {
  const user = users.flatMap((items, u) => Array.from(items, () => `u${u}`));
  const split = leaveOneOut(interactionsOf({ user, item: users.flatMap((items) => [...items]) }));
  return { split, experiment: { exclude } } as unknown as Pick<Context, 'experiment' | 'split'>;
};

test('test events that repeat an item of their history are counted where these items are left out', () => {
  // The last a of the first user and the last b of the third one are repeats; the one of the second user is not.
  const users = ['abca', 'abcd', 'abb'];
  const [note, ...others] = repeatNotes(contextOf(users, 'seen'));
  expect(note).toContain('Test events that repeat an item of their history: 2 of 3. With exclude "seen"');
  expect(others).toEqual([]);
  expect(repeatNotes(contextOf(users))).toEqual([]);
  expect(repeatNotes(contextOf(['abcd', 'dcba'], 'seen'))).toEqual([]);
});
