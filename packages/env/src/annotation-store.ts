import { join } from 'node:path';
import { contentHash, LeaError } from '@lea/core';
import { readSafetensors, type Value, type Values, writeSafetensors } from '@lea/tensor';

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
 * Keeps shards under `dir/<hash>`; every file is written whole or not at all, with the hash of each of its columns, of which
 * the annotation, the shard and the column's name are parts.
 *
 * @param columns of every shard
 */
export function annotationStore(dir: string, hash: string, columns: readonly string[]): Store {
  const path = (shard: number): string => join(dir, hash.slice(0, 16), `${String(shard).padStart(5, '0')}.safetensors`);
  const sumOf = (shard: number, column: string, { shape, data }: Value): string =>
    contentHash(hash, shard, column, shape, data);
  return {
    path,
    async read(shard, wanted = () => true) {
      try {
        const { tensors, metadata } = await readSafetensors(path(shard), { wanted });
        const whole = columns.filter(wanted).every((column) => {
          const value = tensors[column];
          return value && metadata[column] === sumOf(shard, column, value);
        });
        return whole ? tensors : undefined;
      } catch (error) {
        if (error instanceof LeaError) return undefined;
        throw error;
      }
    },
    write(shard, values) {
      const sums = Object.entries(values).map(([column, value]) => [column, sumOf(shard, column, value)]);
      return writeSafetensors(path(shard), values, Object.fromEntries(sums));
    },
  };
}
