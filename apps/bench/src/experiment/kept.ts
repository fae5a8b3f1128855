import { join } from 'node:path';
import { contentHash } from '@lea/core';
import { writeSealed } from '@lea/core/node';
import { readSafetensors, type Value, writeSafetensors } from '@lea/tensor';
import type { Context } from './context.ts';
import { broken, intact, readRecord } from './intact.ts';
import { computing } from './versions.ts';

/** Last metrics of each stage. */
export type Stages = Readonly<Record<string, unknown>>;

/** The origin of language models and item tokens; threads order sums, so they count where the config fixes them. */
export function origin({ dataset, experiment }: Pick<Context, 'dataset' | 'experiment'>): object {
  return { data: dataset.hash, threads: experiment.threads, versions: computing() };
}

/** The record of a kept result, beside it. */
interface Making {
  /** Its origin. */
  readonly resolved: unknown;
  readonly seconds: number;
  readonly stages: Stages;
  /** Hash of the result; absent in records from before files carried hashes. */
  readonly hash?: string;
}

/** File of item tokens. */
const FILE = 'tokens.safetensors';

/** Something kept, and what it took to make it. */
export interface Made<T> extends Pick<Making, 'seconds' | 'stages'> {
  readonly made: T;
}

/** How something is made, kept and checked. */
interface Keeping<T> {
  make(folder: string, stages: Record<string, unknown>): Promise<void>;
  read(folder: string): Promise<T>;
  hash(made: T): string;
}

/** The folder of a kept result. @param parent folder of the experiment */
export function keptFolder(what: string, resolved: unknown, parent: string): string {
  return join(parent, 'language', `${what}-${contentHash(resolved).slice(0, 10)}`);
}

/** Creates a result once. The result is always read back from its folder, so that a second run has the same bits. */
export async function kept<T>(
  what: string,
  resolved: unknown,
  { folder: parent, progress }: Context,
  { make, read, hash }: Keeping<T>,
): Promise<Made<T>> {
  const folder = keptFolder(what, resolved, parent);
  const path = join(folder, 'record.json');
  const found = await readRecord<Making>(path, { resolved });
  if (found) {
    const made = await intact(folder, () => read(folder));
    if (found.hash === undefined)
      progress.say(`Reused without a check, because it comes from a version without file hashes: ${folder}`);
    else if (found.hash !== hash(made)) throw broken(folder, 'its content does not match its record');
    return { made, seconds: found.seconds, stages: found.stages };
  }
  const started = performance.now();
  const stages: Record<string, unknown> = {};
  await make(folder, stages);
  const seconds = (performance.now() - started) / 1000;
  const made = await read(folder);
  await writeSealed(path, { resolved, seconds, stages, hash: hash(made) } satisfies Making);
  return { made, seconds, stages };
}

/** Item tokens [items, size], created once by `make`. @param resolved their origin */
export function keptTokens(
  resolved: object,
  context: Context,
  make: (stages: Record<string, unknown>) => Promise<Value>,
): Promise<Made<Value>> {
  const items = context.dataset.itemTexts!.texts.length;
  return kept('tokens', resolved, context, {
    make: async (folder, stages) => writeSafetensors(join(folder, FILE), { vectors: await make(stages) }),
    read: async (folder) => {
      const { vectors } = (await readSafetensors(join(folder, FILE))).tensors;
      if (vectors?.shape[0] === items) return vectors;
      throw broken(folder, `expected vectors of ${items} items`);
    },
    hash: ({ shape, data }) => contentHash(shape, data),
  });
}
