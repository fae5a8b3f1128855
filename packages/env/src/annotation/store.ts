import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { readSafetensors, type Values, writeSafetensors } from '@lea/tensor';

/** Shards of one annotation on disk. */
export interface Store {
  /** Path of a shard. */
  path(shard: number): string;
  /**
   * Reads a shard; undefined if it is missing, damaged or belongs to another annotation, so that it is computed again.
   *
   * @param wanted the columns to read and check (default: all)
   */
  read(shard: number, wanted?: (column: string) => boolean): Promise<Values | undefined>;
  /** Writes a shard. */
  write(shard: number, values: Values): Promise<void>;
}

/**
 * Stores shards in `dir/<hash>`. Files are written atomically and contain the annotation's hash and the number of the shard.
 * Damage is detected by the checksums of `writeSafetensors`.
 *
 * @param columns names of the columns of every shard
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
