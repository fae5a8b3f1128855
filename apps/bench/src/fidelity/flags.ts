import { LeaError, nearest } from '@lea/core';
import { seedOf } from '../terminal/flags.ts';
import type { FidelityFlags } from './request.ts';

/** The command's flags as they were typed. */
export interface TypedFlags {
  readonly tokens: string;
  readonly tier?: string | undefined;
  readonly model?: string | undefined;
  readonly users?: string | undefined;
  readonly seed?: string | undefined;
}

/** @throws LeaError `E_FLAG_VALUE` */
export function flagsOf(given: TypedFlags): FidelityFlags {
  return {
    tokens: given.tokens.split(',').map((word) => oneOf('tokens', word, ['id+text', 'text'] as const)),
    ...(given.tier !== undefined && { tier: oneOf('tier', given.tier, ['catalog', 'encoder'] as const) }),
    ...(given.model !== undefined && { model: given.model }),
    ...(given.users !== undefined && { users: shareOf(given.users) }),
    ...(given.seed !== undefined && { seed: seedOf(given.seed) }),
  };
}

function oneOf<const T extends string>(flag: string, word: string, known: readonly T[]): T {
  const found = known.find((choice) => choice === word.trim());
  if (found) return found;
  const near = nearest(word, known);
  throw new LeaError('E_FLAG_VALUE', `--${flag} has no such choice.`, {
    value: word,
    hint: near ? `Did you mean "${near}"?` : `There are: ${known.join(', ')}.`,
  });
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new LeaError('E_FLAG_VALUE', '--users takes a share above 0 and at most 1.', {
    value: text,
    hint: 'For instance --users 0.2.',
  });
}
