import { LeaError, nearest } from '@lea/core';
import { seedOf } from '../terminal/flags.ts';
import type { FidelityFlags } from './request.ts';

/** The flags of the command as typed. */
export interface TypedFlags {
  readonly tokens: string;
  readonly tier?: string | undefined;
  readonly model?: string | undefined;
  readonly users?: string | undefined;
  readonly seed?: string | undefined;
}

/** Checks the flags. @throws LeaError `E_FLAG_VALUE` */
export function flagsOf(given: TypedFlags): FidelityFlags {
  return {
    tokens: given.tokens.split(',').map((word) => oneOf('tokens', word, ['id+text', 'text'] as const)),
    ...(given.tier !== undefined && { tier: oneOf('tier', given.tier, ['catalog', 'encoder', 'decoder'] as const) }),
    ...(given.model !== undefined && { model: given.model }),
    ...(given.users !== undefined && { users: shareOf(given.users) }),
    ...(given.seed !== undefined && { seed: seedOf(given.seed) }),
  };
}

function oneOf<const T extends string>(flag: string, word: string, known: readonly T[]): T {
  const found = known.find((choice) => choice === word.trim());
  if (found) return found;
  const near = nearest(word, known);
  throw new LeaError('E_FLAG_VALUE', `Invalid value for --${flag}.`, {
    value: word,
    hint: near ? `Did you mean "${near}"?` : `Use one of: ${known.join(', ')}.`,
  });
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new LeaError('E_FLAG_VALUE', '--users: expected a share above 0 and at most 1.', {
    value: text,
    hint: 'For example, use --users 0.2.',
  });
}
