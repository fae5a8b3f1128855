import { join } from 'node:path';
import { contentHash, LeaError } from '@lea/core';
import { readWhole, replaceFile } from '@lea/core/node';
import { SCALE } from './answer.ts';

/** A rating, or null if the model gave no valid rating in all attempts. */
export type Rating = number | null;

/** Cache of ratings on disk by the hash of their question. Answers are not stored, because they may contain anything. */
export interface AnswerStore {
  /** Reads an entry; undefined if it is missing or damaged. */
  read(key: string): Promise<Rating | undefined>;
  /** Writes an entry. */
  write(key: string, rating: Rating): Promise<void>;
}

/**
 * Creates a store with one file per question, `dir/ab/abcdef....json`. Files are written atomically, so that several
 * processes can share the folder.
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

/** Checksum of a question's rating. */
function hashOf(key: string, rating: Rating): string {
  return contentHash('rating', key, rating);
}

function isStored(file: unknown): file is { key: unknown; rating: Rating; hash: unknown } {
  if (file === null || typeof file !== 'object') return false;
  const { rating } = file as Record<string, unknown>;
  return rating === null || (typeof rating === 'number' && rating >= SCALE[0] && rating <= SCALE[1]);
}
