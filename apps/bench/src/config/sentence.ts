import { describeValue } from '@lea/core';
import type * as v from 'valibot';

/** Kinds of values by the type of valibot's issue; its own messages are no plain sentences. */
const kinds: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  non_empty: 'a text that is not empty',
  number: 'a number',
  object: 'an object',
  loose_object: 'an object',
  record: 'an object',
  string: 'a text',
  tuple: 'a list',
};

const bounds: Readonly<Record<string, string>> = {
  gt_value: 'a number above',
  lt_value: 'a number below',
  max_length: 'at most this many entries:',
  max_value: 'a number of at most',
  min_length: 'at least this many entries:',
  min_value: 'a number of at least',
};

/** The fault of a value of a config: our own message of a check, or a sentence in place of valibot's. */
export function sentenceOf({ message, type, requirement, expected, input }: v.BaseIssue<unknown>): string {
  if (!message.startsWith('Invalid ')) return message;
  const bound = bounds[type] && `${bounds[type]} ${requirement}`;
  return `expected ${bound ?? kinds[type] ?? wordsOf(expected)}, got ${describeValue(input)}`;
}

/** Valibot writes choices as `("a" | "b")`, and kinds as `Array` or `string`. */
export function wordsOf(expected: string | null): string {
  const words = (expected ?? 'another value').replace(/[()]/g, '').split(' | ');
  const named = words.map((word) => kinds[word.toLowerCase()] ?? word);
  return named.length > 1 ? `one of ${named.join(', ')}` : named[0]!;
}
