import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { readSafetensors, type Values, writeSafetensors } from '@lea/tensor';

/** Shards of one annotation on disk. */
export interface Store {
  /** A shard that is there whole and belongs to this annotation, else nothing. */
  read(shard: number): Promise<Values | undefined>;
  write(shard: number, values: Values): Promise<void>;
}

/** Keeps shards under `dir/<hash>`; every file is written whole or not at all. */
export function annotationStore(dir: string, hash: string): Store {
  const path = (shard: number): string => join(dir, hash.slice(0, 16), `${String(shard).padStart(5, '0')}.safetensors`);
  return {
    async read(shard) {
      try {
        const { tensors, metadata } = await readSafetensors(path(shard));
        return metadata.hash === hash ? tensors : undefined;
      } catch (error) {
        // A missing or damaged shard is computed again; nothing is lost by it.
        if (error instanceof LeaError) return undefined;
        throw error;
      }
    },
    write: (shard, values) => writeSafetensors(path(shard), values, { hash }),
  };
}
