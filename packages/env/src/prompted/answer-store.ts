import { join } from 'node:path';
import { contentHash, LeaError } from '@lea/core';
import { readWhole, replaceFile } from '@lea/core/node';
import { SCALE } from './answer.ts';

/** A rating, or null: the model gave none, however often it was asked. */
export type Rating = number | null;

/** Ratings on disk under the hash of their question. Nothing else is kept: what a model says may be anything. */
export interface AnswerStore {
  /** A whole, fitting entry; a damaged one counts as missing. */
  read(key: string): Promise<Rating | undefined>;
  write(key: string, rating: Rating): Promise<void>;
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
      return isStored(file) && file.key === key && file.hash === hashOf(key, file.rating) ? file.rating : undefined;
    },
    write: (key, rating) => replaceFile(path(key), `${JSON.stringify({ key, rating, hash: hashOf(key, rating) })}\n`),
  };
}

/** Says that a rating belongs to a question and is what it was. */
function hashOf(key: string, rating: Rating): string {
  return contentHash('rating', key, rating);
}

function isStored(file: unknown): file is { key: unknown; rating: Rating; hash: unknown } {
  if (file === null || typeof file !== 'object') return false;
  const { rating } = file as Record<string, unknown>;
  return rating === null || (typeof rating === 'number' && rating >= SCALE[0] && rating <= SCALE[1]);
}
