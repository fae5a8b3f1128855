import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { LeaError, nearest, unknownKey } from '@lea/core';
import type { ArgsDef } from 'citty';

/**
 * Rejects unknown flags, flags without a value or with one too many, and superfluous arguments.
 *
 * @throws LeaError `E_FLAG_UNKNOWN`, `E_FLAG_VALUE`, `E_ARGUMENT`
 */
export function checkFlags(command: string, rawArgs: readonly string[], args: ArgsDef): void {
  const names = Object.keys(args).filter((name) => args[name]!.type !== 'positional');
  let room = Object.keys(args).length - names.length;
  for (let i = 0; i < rawArgs.length; i++) {
    const word = rawArgs[i]!;
    if (!word.startsWith('-') || word === '-') {
      if (room-- > 0) continue;
      throw new LeaError('E_ARGUMENT', `${command}: unexpected argument.`, {
        value: word,
        hint: `See ${command} --help.`,
      });
    }
    const [, name, value] = /^-{1,2}([^=]*)(=.*)?$/s.exec(word)!;
    if (!names.includes(name!)) {
      const known = names.map((n) => `--${n}`);
      throw new LeaError('E_FLAG_UNKNOWN', unknownKey(command, `--${name}`, known).message);
    }
    if (args[name!]!.type === 'boolean') {
      if (value === undefined) continue;
      throw new LeaError('E_FLAG_VALUE', `Expected no value for --${name}.`, {
        value: value.slice(1),
        hint: `Write --${name} alone, or leave it out.`,
      });
    }
    const next = value === undefined ? rawArgs[++i] : value.slice(1);
    // A variable of the shell that is not set leaves an empty text, which as a path would be the working folder.
    if (next === undefined || next === '' || (value === undefined && next.startsWith('--'))) {
      throw new LeaError('E_FLAG_VALUE', `Expected a value for --${name}.`, { hint: `See ${command} --help.` });
    }
  }
}

/** The number of `--seed`. @throws LeaError `E_FLAG_VALUE` */
export function seedOf(text: string): number {
  const seed = Number(text);
  if (/^\s*-?\d+\s*$/.test(text) && Number.isSafeInteger(seed)) return seed + 0;
  throw new LeaError('E_FLAG_VALUE', 'Expected a whole number as the seed.', {
    value: text,
    hint: 'For example, use --seed 1.',
  });
}

/** The seeds of a comma-separated list, which must be different. @throws LeaError `E_FLAG_VALUE` */
export function seedsOf(text: string): number[] {
  checkNoRange(text);
  const seeds = text.split(',').map(seedOf);
  if (new Set(seeds).size === seeds.length) return seeds;
  throw new LeaError('E_FLAG_VALUE', 'Expected different seeds.', {
    value: text,
    hint: 'For example, use --seed 0,1.',
  });
}

/** Seeds are listed: nothing says whether the end of a range belongs to it. */
function checkNoRange(text: string): void {
  const [, from, to] = /^\s*(\d{1,9})\s*(?:-|–|:|\.{2,3})\s*(\d{1,9})\s*$/.exec(text) ?? [];
  if (from === undefined || Number(to) <= Number(from)) return;
  const count = Number(to) - Number(from) + 1;
  const listed = Array.from({ length: Math.min(count, MOST_LISTED) }, (_, i) => Number(from) + i);
  throw new LeaError('E_FLAG_VALUE', 'Expected a list of seeds, not a range.', {
    value: text,
    hint: `Write each of them: --seed ${listed.join(',')}${count > MOST_LISTED ? ',...' : ''}`,
  });
}

/** Seeds of a range that a hint writes out. */
const MOST_LISTED = 20;

/** The whole number of at least 1 that a flag was given. @throws LeaError `E_FLAG_VALUE` */
export function wholeOf(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= 1) return value;
  throw new LeaError('E_FLAG_VALUE', `Expected a whole number of at least 1 for --${flag}.`, { value: text });
}

/** The arguments of `--threads`, for all commands that compute. */
export const threadsArg = {
  threads: {
    type: 'string',
    description: 'Threads of each process, instead of those in the config; the last bits of results depend on it',
    valueHint: 'N',
  },
} as const;

/** The number of `--threads`; by default all cores, at most 2. @throws LeaError `E_FLAG_VALUE` */
export function threadsOf(text: string | undefined): number {
  if (text === undefined) return Math.min(2, availableParallelism());
  const threads = wholeOf('threads', text);
  if (threads <= 1024) return threads;
  throw new LeaError('E_FLAG_VALUE', 'Expected at most 1024 for --threads.', { value: threads });
}

/** The path of a folder, which need not exist yet. @throws LeaError `E_FLAG_VALUE` when it is a file */
export function folderOf(flag: string, text: string): string {
  const path = resolve(text);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true) return path;
  throw new LeaError('E_FLAG_VALUE', `Expected a folder for --${flag}, not a file.`, { value: text });
}

/** One of the values that a flag supports. @throws LeaError `E_FLAG_VALUE` */
export function choiceOf<const T extends string>(flag: string, word: string, known: readonly T[]): T {
  const found = known.find((choice) => choice === word.trim());
  if (found !== undefined) return found;
  const near = nearest(word.trim(), known);
  throw new LeaError('E_FLAG_VALUE', `Invalid value for --${flag}.`, {
    value: word.trim(),
    hint: near ? `Did you mean "${near}"?` : `Use one of: ${known.join(', ')}.`,
  });
}
