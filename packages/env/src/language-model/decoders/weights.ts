import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { describeSafetensors, float32, readSafetensors, type Specs, type Values } from '@lea/tensor';
import { readJson } from '../../shared/read-json.ts';

/** Names of the weight files in a Hugging Face folder: a single file, or the index of several shards. */
export const WEIGHTS = { single: 'model.safetensors', index: 'model.safetensors.index.json' };

/** Supported data types of stored weights, which are converted to float32. */
const FLOATS = ['F32', 'F16', 'BF16', 'F64'];

/** File and name of a stored weight. */
interface Place {
  readonly path: string;
  readonly name: string;
}

/** The weights of a model, opened but not read yet. */
export interface WeightFiles {
  /** Whether the weight exists. */
  has(name: string): boolean;
  /**
   * Reads all weights as float32, tensor by tensor.
   *
   * @throws LeaError `E_MODEL_WEIGHTS` (a tensor that is missing, unexpected, not finite or has another shape; names it and
   *   the file), `E_SAFETENSORS`
   */
  read(specs: Specs): Promise<Values>;
}

/** Tensors of older checkpoints that every reader computes: rotary frequencies and causal masks. */
const COMPUTED = /(^|\.)(rotary_emb\.inv_freq|attn\.(bias|masked_bias))$/;

/**
 * Opens the weights of a folder.
 *
 * @param base prefix of the names (`model.`, `transformer.`), which checkpoints of base models omit
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
      // Check all before reading the first.
      for (const [wanted, { shape }] of Object.entries(specs)) {
        const name = inFile(wanted);
        const there = found.get(name);
        if (there?.shape.join() !== shape.join() || !FLOATS.includes(there.dtype)) {
          throw new LeaError(
            'E_MODEL_WEIGHTS',
            `The weight "${wanted}" in ${there?.path ?? dir} does not match config.json.`,
            {
              value: there ? `${there.dtype}[${there.shape.join(', ')}]` : 'missing',
              hint:
                `Expected a tensor of type ${FLOATS.join(', ')} and shape [${shape.join(', ')}]. ` +
                'Download or save the model again.',
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
          `The weight "${name}" in ${path} does not belong to the model described by config.json.`,
          {
            value: `${dtype}[${shape.join(', ')}]`,
            hint: 'Use the config.json that belongs to the weights, or save the model without this tensor.',
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
      // In the order of the specs, not of the files.
      return Object.fromEntries(Object.keys(specs).map((name) => [name, values[name]!]));
    },
  };
}

/** Checks that weights are finite, because a single NaN would spread to all results. @throws LeaError `E_MODEL_WEIGHTS` */
export function checkFinite(data: ArrayLike<number>, name: string, path: string): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    throw new LeaError('E_MODEL_WEIGHTS', `The weight "${name}" in ${path} contains a value that is not finite.`, {
      value: data[i],
      hint: 'Download the model again, or use a checkpoint from before its training diverged.',
    });
  }
}

/** Paths of the weight files. */
async function weightPaths(dir: string): Promise<string[]> {
  const single = join(dir, WEIGHTS.single);
  if (await exists(single)) return [single];
  const indexPath = join(dir, WEIGHTS.index);
  if (!(await exists(indexPath))) {
    const pickled = (await exists(join(dir, 'pytorch_model.bin')))
      ? ' pytorch_model.bin is not supported, because it can run code.'
      : '';
    throw new LeaError('E_FILE_MISSING', `The folder contains no weights.${pickled}`, {
      value: dir,
      hint: `Provide ${WEIGHTS.single}, or ${WEIGHTS.index} with the files that it lists.`,
    });
  }
  const shards = shardsOf(await readJson(indexPath), indexPath);
  const paths = shards.map((shard) => join(dir, shard));
  for (const path of paths) {
    if (await exists(path)) continue;
    throw new LeaError('E_MODEL_WEIGHTS', `A weight file listed in ${WEIGHTS.index} is missing.`, {
      value: path,
      hint: `Download it. The index lists ${shards.join(', ')}.`,
    });
  }
  return paths;
}

/** Names of the shards in an index. Only plain file names are allowed, so that an index cannot refer to other folders. */
export function shardsOf(index: Record<string, unknown>, path: string): string[] {
  const map = index.weight_map;
  const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map))] : [];
  const bad = names.find((name) => typeof name !== 'string' || !/^[\w-][\w.-]*\.safetensors$/.test(name));
  if (names.length > 0 && bad === undefined) return names.sort();
  throw new LeaError(
    'E_MODEL_WEIGHTS',
    `The "weight_map" of ${path} must contain names of .safetensors files in the same folder.`,
    {
      value: bad ?? map ?? 'missing',
      hint: 'Download the index again.',
    },
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
