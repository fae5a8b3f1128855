import { join } from 'node:path';
import { contentHash, LeaError } from '@lea/core';
import { readSafetensors, type Values, writeSafetensors } from '@lea/tensor';

/** Shards of one annotation on disk. */
export interface Store {
  path(shard: number): string;
  /**
   * A shard that is there whole and belongs to this annotation, else nothing.
   *
   * @param wanted the columns that are read and checked (default: all)
   */
  read(shard: number, wanted?: (column: string) => boolean): Promise<Values | undefined>;
  write(shard: number, values: Values): Promise<void>;
}

/** Keeps shards under `dir/<hash>`; every file is written whole or not at all, with the hash of each of its columns. */
export function annotationStore(dir: string, hash: string): Store {
  const path = (shard: number): string => join(dir, hash.slice(0, 16), `${String(shard).padStart(5, '0')}.safetensors`);
  return {
    path,
    async read(shard, wanted) {
      try {
        const { tensors, metadata } = await readSafetensors(path(shard), wanted && { wanted });
        const whole = Object.entries(tensors).every(([name, { data }]) => metadata[sum(name)] === contentHash(data));
        return whole && metadata.hash === hash ? tensors : undefined;
      } catch (error) {
        // A missing or damaged shard is computed again; nothing is lost by it.
        if (error instanceof LeaError) return undefined;
        throw error;
      }
    },
    write(shard, values) {
      const sums = Object.entries(values).map(([name, { data }]) => [sum(name), contentHash(data)]);
      return writeSafetensors(path(shard), values, { hash, ...Object.fromEntries(sums) });
    },
  };
}

function sum(column: string): string {
  return `sha256 of ${column}`;
}
