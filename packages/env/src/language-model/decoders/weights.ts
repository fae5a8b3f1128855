import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { describeSafetensors, float32, readSafetensors, type Specs, type Values } from '@lea/tensor';
import { readJson } from '../../shared/read-json.ts';

/** File names of weights in a Hugging Face folder: one file, or an index of several (shards). */
export const WEIGHTS = { single: 'model.safetensors', index: 'model.safetensors.index.json' };

/** Element types that weights are stored in; they are read as float32. */
const FLOATS = ['F32', 'F16', 'BF16', 'F64'];

/** Where a weight is, under the name that its file has for it. */
interface Place {
  readonly path: string;
  readonly name: string;
}

/** The weights of a Hugging Face folder: what is there, before any of it is read. */
export interface WeightFiles {
  has(name: string): boolean;
  /**
   * Reads all weights as float32, tensor by tensor.
   *
   * @throws LeaError `E_MODEL_WEIGHTS` naming the file, the tensor, and the shape it must have or the number that is none,
   *   or a tensor that is not asked for; `E_SAFETENSORS`
   */
  read(specs: Specs): Promise<Values>;
}

/** What older checkpoints keep beside the weights, and every reader computes: rotary frequencies, causal masks. */
const COMPUTED = /(^|\.)(rotary_emb\.inv_freq|attn\.(bias|masked_bias))$/;

/**
 * Opens the weights of a folder.
 *
 * @param base beginning of the names that checkpoints of bare models leave out (`model.`, `transformer.`)
 * @throws LeaError `E_FILE_MISSING`, `E_MODEL_WEIGHTS` (a broken index, a missing shard), `E_SAFETENSORS`
 */
export async function openWeights(dir: string, base: string): Promise<WeightFiles> {
  const found = new Map<string, { readonly dtype: string; readonly shape: readonly number[]; readonly path: string }>();
  for (const path of await weightPaths(dir)) {
    for (const [name, described] of Object.entries(await describeSafetensors(path)))
      found.set(name, { ...described, path });
  }
  const inFile = (name: string): string =>
    !found.has(name) && name.startsWith(base) && found.has(name.slice(base.length)) ? name.slice(base.length) : name;

  return {
    has: (name) => found.has(inFile(name)),
    async read(specs) {
      const byPath = new Map<string, [wanted: string, place: Place][]>();
      // All are checked before the first is read.
      for (const [wanted, { shape }] of Object.entries(specs)) {
        const name = inFile(wanted);
        const there = found.get(name);
        if (there?.shape.join() !== shape.join() || !FLOATS.includes(there.dtype)) {
          throw new LeaError(
            'E_MODEL_WEIGHTS',
            `The weights do not fit config.json: "${wanted}" in ${there?.path ?? dir}.`,
            {
              value: there ? `${there.dtype}[${there.shape.join(', ')}]` : 'missing',
              hint: `It must be floating point (${FLOATS.join(', ')}) [${shape.join(', ')}]. Download or save the model again.`,
            },
          );
        }
        const places = byPath.get(there.path) ?? [];
        byPath.set(there.path, places);
        places.push([wanted, { path: there.path, name }]);
      }
      const used = new Set(Object.keys(specs).map(inFile));
      for (const [name, { path, dtype, shape }] of found) {
        if (used.has(name) || COMPUTED.test(name)) continue;
        throw new LeaError(
          'E_MODEL_WEIGHTS',
          `The weights do not fit config.json: it announces no "${name}", which is in ${path}.`,
          {
            value: `${dtype}[${shape.join(', ')}]`,
            hint: 'Take the config.json that belongs to the weights, or save the model without this tensor.',
          },
        );
      }
      const values: Values = {};
      for (const [path, places] of byPath) {
        const names = new Set(places.map(([, place]) => place.name));
        const { tensors } = await readSafetensors(path, { wanted: (name) => names.has(name) });
        for (const [wanted, { name }] of places) {
          const { data, shape } = tensors[name]!;
          checkFinite(data, name, path);
          values[wanted] = float32(data, shape);
        }
      }
      // In the order of the specs, whatever the files are.
      return Object.fromEntries(Object.keys(specs).map((name) => [name, values[name]!]));
    },
  };
}

/** One number that is not finite would make everything that is computed not a number, long after. */
export function checkFinite(data: ArrayLike<number>, name: string, path: string): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new LeaError('E_MODEL_WEIGHTS', `The weights "${name}" in ${path} are not finite.`, {
      value: data[i],
      hint: 'Download the model again, or take a checkpoint from before its training diverged.',
    });
  }
}

/** The files that hold the weights. */
async function weightPaths(dir: string): Promise<string[]> {
  const single = join(dir, WEIGHTS.single);
  if (await exists(single)) return [single];
  const indexPath = join(dir, WEIGHTS.index);
  if (!(await exists(indexPath))) {
    const pickled = (await exists(join(dir, 'pytorch_model.bin')))
      ? ' pytorch_model.bin is not read: it can run code.'
      : '';
    throw new LeaError('E_FILE_MISSING', `The folder has no weights.${pickled}`, {
      value: dir,
      hint: `It needs ${WEIGHTS.single}, or ${WEIGHTS.index} and the files that it names.`,
    });
  }
  const shards = shardsOf(await readJson(indexPath), indexPath);
  const paths = shards.map((shard) => join(dir, shard));
  for (const path of paths) {
    if (await exists(path)) continue;
    throw new LeaError('E_MODEL_WEIGHTS', `A file of weights that ${WEIGHTS.index} names is missing.`, {
      value: path,
      hint: `Download it; the index names ${shards.join(', ')}.`,
    });
  }
  return paths;
}

/** Names of the shards of an index: plain file names, so that an index cannot reach outside its folder. */
export function shardsOf(index: Record<string, unknown>, path: string): string[] {
  const map = index.weight_map;
  const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))] : [];
  const bad = names.find((name) => typeof name !== 'string' || !/^[\w-][\w.-]*\.safetensors$/.test(name));
  if (names.length > 0 && bad === undefined) return names.sort();
  throw new LeaError('E_MODEL_WEIGHTS', `The "weight_map" of ${path} does not name files of the folder.`, {
    value: bad ?? map ?? 'missing',
    hint: 'Download it again.',
  });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
