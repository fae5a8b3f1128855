import { join } from 'node:path';
import { readSafetensors, type Value, writeSafetensors } from '@lea/tensor';

/**
 * Reads vectors from a cache, or makes them and writes them to it. Damaged files are made again.
 *
 * @param dir folder of the cache; undefined: no cache
 * @param hash hash of everything that decides the vectors
 */
export async function* cachedVectors<E>(
  dir: string | undefined,
  hash: () => Promise<string>,
  make: () => AsyncGenerator<E, Value>,
): AsyncGenerator<E, Value> {
  if (dir === undefined) return yield* make();
  const key = await hash();
  const path = join(dir, `${key.slice(0, 16)}.safetensors`);
  const found = await readSafetensors(path).catch(() => undefined);
  if (found?.metadata.hash === key && found.tensors.vectors) return found.tensors.vectors;
  const vectors = yield* make();
  await writeSafetensors(path, { vectors }, { hash: key });
  return vectors;
}
