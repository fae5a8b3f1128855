import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHash, LeaError } from '@lea/core';
import { float32, readSafetensors, type Value, writeSafetensors } from '@lea/tensor';

/** Number of texts after which computed vectors are written. A run that is killed loses fewer than this and a batch. */
const FILE_TEXTS = 256;

/** How vectors of texts are computed. */
export interface VectorSource<E> {
  /** Folder of the cache; undefined: no cache. */
  readonly dir: string | undefined;
  /** Hash of everything that decides a vector besides its text. It is asked for only if there is a cache. */
  identity(): Promise<string>;
  /**
   * Computes the vectors of different texts, in batches.
   *
   * @param texts the texts @param take receives the vectors [some, size] of some texts, by their indices
   */
  compute(texts: readonly string[], take: Take): AsyncGenerator<E, void>;
}

/** Receives the vectors [some, size] of some texts. */
export type Take = (some: readonly number[], vectors: Float32Array) => Promise<void>;

/**
 * Vectors of texts, one per text. Those that are in the cache are read; the others are computed, equal texts once, and written
 * after every {@link FILE_TEXTS}. An interrupted run continues there. Damaged files are computed again.
 *
 * @returns vectors [texts, size]
 */
export async function* cachedVectors<E>(
  texts: readonly string[],
  { dir, identity, compute }: VectorSource<E>,
): AsyncGenerator<E, Value> {
  const cache = dir === undefined ? undefined : await openCache(dir, await identity(), texts);
  const known = cache?.known ?? new Map<string, Float32Array>();
  const missing = [...new Set(texts)].filter((text) => !known.has(text));
  let unwritten: string[] = [];
  const write = async (): Promise<void> => {
    if (unwritten.length > 0) await cache?.write(unwritten);
    unwritten = [];
  };
  try {
    if (missing.length > 0) {
      yield* compute(missing, async (some, vectors) => {
        const size = vectors.length / some.length;
        for (const [b, i] of some.entries()) {
          known.set(missing[i]!, vectors.slice(b * size, (b + 1) * size));
          unwritten.push(missing[i]!);
        }
        if (unwritten.length >= FILE_TEXTS) await write();
      });
    }
  } finally {
    await write();
  }
  return matrixOf(texts, known);
}

/** The vectors of some texts, [texts, size]. */
function matrixOf(texts: readonly string[], known: ReadonlyMap<string, Float32Array>): Value {
  const size = known.get(texts[0]!)!.length;
  const data = new Float32Array(texts.length * size);
  for (const [i, text] of texts.entries()) data.set(known.get(text)!, i * size);
  return float32(data, [texts.length, size]);
}

/** Vectors on disk, by text. */
interface Cache {
  /** Those of the wanted texts. */
  readonly known: Map<string, Float32Array>;
  /** Writes the vectors of some texts in `known` to a file of their own. */
  write(texts: readonly string[]): Promise<void>;
}

/** Reads the vectors of some texts from `dir/<identity>`, whose files name their texts by hash. */
async function openCache(dir: string, identity: string, texts: readonly string[]): Promise<Cache> {
  const folder = join(dir, identity.slice(0, 16));
  const wanted = new Map(texts.map((text) => [contentHash(text), text]));
  const known: Cache['known'] = new Map();
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    const file = await readFile(join(folder, name), identity, (key) => wanted.has(key));
    for (const [key, vector] of file) known.set(wanted.get(key)!, vector);
  }
  return {
    known,
    async write(some) {
      const keys = some.map((text) => contentHash(text));
      const path = join(folder, `${contentHash(keys).slice(0, 16)}.safetensors`);
      await writeSafetensors(path, { vectors: matrixOf(some, known) }, { identity, texts: keys.join(' ') });
    },
  };
}

/** The wanted vectors of a file by hash of the text; none of a file that is damaged or something else. */
async function readFile(
  path: string,
  identity: string,
  isWanted: (key: string) => boolean,
): Promise<[string, Float32Array][]> {
  try {
    const { metadata } = await readSafetensors(path, { wanted: () => false });
    const keys = metadata.texts?.split(' ') ?? [];
    if (metadata.identity !== identity || !keys.some(isWanted)) return [];
    const { vectors } = (await readSafetensors(path)).tensors;
    if (vectors?.shape[0] !== keys.length) return [];
    const size = vectors.shape[1]!;
    return keys.flatMap((key, i): [string, Float32Array][] =>
      isWanted(key) ? [[key, (vectors.data as Float32Array).slice(i * size, (i + 1) * size)]] : [],
    );
  } catch (error) {
    if (error instanceof LeaError) return [];
    throw error;
  }
}
