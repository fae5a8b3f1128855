import { LeaError } from '@lea/core';
import { choiceOf, seedOf } from '../terminal/flags.ts';
import { CONTROLS, type Control, type FidelityFlags, ITEM_INPUTS, type TextInput } from './request.ts';

/** The flags of the command as typed. */
export interface TypedFlags {
  readonly 'item-input'?: string | undefined;
  readonly tier?: string | undefined;
  readonly model?: string | undefined;
  readonly users?: string | undefined;
  readonly controls?: string | undefined;
  readonly 'zero-shot'?: string | undefined;
  readonly seed?: string | undefined;
}

/** Checks the flags. @throws LeaError `E_FLAG_VALUE` */
export function flagsOf(given: TypedFlags): FidelityFlags {
  return {
    ...(given['item-input'] !== undefined && { itemInputs: itemInputsOf(given['item-input']) }),
    ...(given.tier !== undefined && { tier: choiceOf('tier', given.tier, ['catalog', 'encoder', 'decoder'] as const) }),
    ...(given.model !== undefined && { model: given.model }),
    ...(given.users !== undefined && { users: sharesOf(given.users) }),
    ...(given.controls !== undefined && { controls: controlsOf(given.controls) }),
    ...(given['zero-shot'] !== undefined && { zeroShot: countOf(given['zero-shot']) }),
    ...(given.seed !== undefined && { seed: seedOf(given.seed) }),
  };
}

function itemInputsOf(text: string): readonly TextInput[] {
  return text.split(',').map((word) => choiceOf('item-input', word, ITEM_INPUTS));
}

/** The controls of a comma-separated list, of `all` or of `none`. */
function controlsOf(text: string): readonly Control[] {
  if (text === 'all') return CONTROLS;
  if (text === 'none') return [];
  const known = ['all', 'none', ...CONTROLS] as const;
  const named = text.split(',').map((word) => choiceOf('controls', word, known));
  const given = named.filter((word) => word !== 'all' && word !== 'none');
  if (given.length === named.length) return given;
  throw new LeaError('E_FLAG_VALUE', '--controls: all and none stand alone.', {
    value: text,
    hint: 'For example, use --controls counting,shuffled-texts.',
  });
}

/** The different shares of a comma-separated list, the smallest first. */
function sharesOf(text: string): number[] {
  const shares = text.split(',').map((word) => (word.trim() === '' ? Number.NaN : Number(word)));
  if (shares.every((share) => share > 0 && share <= 1) && new Set(shares).size === shares.length) {
    return shares.toSorted((a, b) => a - b);
  }
  throw new LeaError('E_FLAG_VALUE', '--users: expected different shares above 0 and at most 1.', {
    value: text,
    hint: 'For example, use --users 0.2 or --users 0.05,0.2.',
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
