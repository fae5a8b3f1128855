import { join } from 'node:path';
import { LeaError, readWhole, replaceFile } from '@lea/core';
import { SCALE } from './answer.ts';

/** What is kept of one question. */
export interface Stored {
  /** null: the model gave no rating, however often it was asked. */
  readonly rating: number | null;
  /** What the model said in the end, shortened. */
  readonly answer: string;
}

/** Answers on disk under the hash of their question. */
export interface AnswerStore {
  /** A whole, fitting entry; a damaged one counts as missing. */
  read(key: string): Promise<Stored | undefined>;
  write(key: string, stored: Stored): Promise<void>;
}

/**
 * One file per question, `dir/ab/abcdef....json`, written whole or not at all: several processes may share the folder.
 */
export function answerStore(dir: string): AnswerStore {
  const path = (key: string): string => join(dir, key.slice(0, 2), `${key}.json`);
  return {
    async read(key) {
      let file: unknown;
      try {
        file = JSON.parse((await readWhole(path(key))).toString());
      } catch (error) {
        if (error instanceof SyntaxError) return undefined;
        if (error instanceof LeaError && error.code === 'E_FILE_MISSING') return undefined;
        throw error;
      }
      return isStored(file) && file.key === key ? { rating: file.rating, answer: file.answer } : undefined;
    },
    write: (key, { rating, answer }) => replaceFile(path(key), `${JSON.stringify({ key, rating, answer })}\n`),
  };
}

function isStored(file: unknown): file is Stored & { key: unknown } {
  if (file === null || typeof file !== 'object') return false;
  const { rating, answer } = file as Record<string, unknown>;
  if (typeof answer !== 'string') return false;
  return rating === null || (typeof rating === 'number' && rating >= SCALE[0] && rating <= SCALE[1]);
}
