import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { readSafetensors, type Values, writeSafetensors } from '@lea/tensor';

/** Shards of one annotation on disk. */
export interface Store {
  path(shard: number): string;
  /**
   * A shard that is there whole, else nothing: one that is damaged, or is of another annotation or another shard, is to be
   * computed again.
   *
   * @param wanted the columns that are read and checked (default: all)
   */
  read(shard: number, wanted?: (column: string) => boolean): Promise<Values | undefined>;
  write(shard: number, values: Values): Promise<void>;
}

/**
 * Keeps shards under `dir/<hash>`; every file is written whole or not at all, and says which shard of which annotation it is.
 * Damage is noticed by the hashes of the file itself, see `writeSafetensors`.
 *
 * @param columns of every shard
 */
export function annotationStore(dir: string, hash: string, columns: readonly string[]): Store {
  const path = (shard: number): string => join(dir, hash.slice(0, 16), `${String(shard).padStart(5, '0')}.safetensors`);
  return {
    path,
    async read(shard, wanted = () => true) {
      try {
        const { tensors, metadata } = await readSafetensors(path(shard), { wanted });
        const isOwn = metadata.annotation === hash && metadata.shard === `${shard}`;
        return isOwn && columns.filter(wanted).every((column) => tensors[column]) ? tensors : undefined;
      } catch (error) {
        if (error instanceof LeaError) return undefined;
        throw error;
      }
    },
    write: (shard, values) => writeSafetensors(path(shard), values, { annotation: hash, shard: `${shard}` }),
  };
}
