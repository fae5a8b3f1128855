import { LeaError } from '@lea/core';
import { choiceOf, seedOf } from '../terminal/flags.ts';
import type { FidelityFlags } from './request.ts';

/** The flags of the command as typed. */
export interface TypedFlags {
  readonly 'item-input': string;
  readonly tier?: string | undefined;
  readonly model?: string | undefined;
  readonly users?: string | undefined;
  readonly 'zero-shot'?: string | undefined;
  readonly seed?: string | undefined;
}

/** Checks the flags. @throws LeaError `E_FLAG_VALUE` */
export function flagsOf(given: TypedFlags): FidelityFlags {
  return {
    itemInputs: given['item-input']
      .split(',')
      .map((word) => choiceOf('item-input', word, ['id+text', 'text'] as const)),
    ...(given.tier !== undefined && { tier: choiceOf('tier', given.tier, ['catalog', 'encoder', 'decoder'] as const) }),
    ...(given.model !== undefined && { model: given.model }),
    ...(given.users !== undefined && { users: shareOf(given.users) }),
    ...(given['zero-shot'] !== undefined && { zeroShot: countOf(given['zero-shot']) }),
    ...(given.seed !== undefined && { seed: seedOf(given.seed) }),
  };
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share > 0 && share <= 1) return share;
  throw new LeaError('E_FLAG_VALUE', '--users: expected a share above 0 and at most 1.', {
    value: text,
    hint: 'For example, use --users 0.2.',
  });
}

function countOf(text: string): number {
  const count = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(count) && count >= 0) return count;
  throw new LeaError('E_FLAG_VALUE', '--zero-shot: expected a number of decisions, or 0.', {
    value: text,
    hint: 'For example, use --zero-shot 200.',
  });
}
