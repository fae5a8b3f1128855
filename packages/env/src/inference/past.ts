import { type Spec, type Specs, sizeOf, type Tensors, type Values, zeros } from '@lea/tensor';
import { type DecoderConfig, headSizeOf } from '../language-model/decoders/config.ts';
import type { KeysAndValues } from '../language-model/decoders/decoder-mode.ts';

/** Name of a layer's keys or values as inputs and outputs of programs. */
const named = (layer: number, part: keyof KeysAndValues): string => `past.${layer}.${part}`;

/** Keys and values of all layers by name. */
export function pastByName<T>(layers: readonly Record<keyof KeysAndValues, T>[]): Record<string, T> {
  return Object.fromEntries(
    layers.flatMap(({ k, v }, layer) => [
      [named(layer, 'k'), k],
      [named(layer, 'v'), v],
    ]),
  );
}

/** Specs of the keys and values of `rows` histories with T positions. */
export function pastSpecs(config: DecoderConfig, rows: number, T: number): Specs {
  const spec: Spec = { dtype: 'float32', shape: [rows, config.kvHeads, T, headSizeOf(config)] };
  return pastByName(Array.from({ length: config.layers }, () => ({ k: spec, v: spec })));
}

/** Keys and values by layer, from named tensors. */
export function pastLayers({ layers }: DecoderConfig, tensors: Tensors): KeysAndValues[] {
  return Array.from({ length: layers }, (_, layer) => ({
    k: tensors[named(layer, 'k')]!,
    v: tensors[named(layer, 'v')]!,
  }));
}

/** Size of float32 tensors in bytes. */
export function pastBytes(specs: Specs): number {
  return Object.values(specs).reduce((bytes, { shape }) => bytes + 4 * sizeOf(shape), 0);
}

/**
 * Collects the keys and values of some histories, one per row, from the batches in which they were read.
 *
 * @param specs specs of the result; rows beyond `history` are zeros
 * @param history indices of the histories
 * @param batch number of histories per batch; the last may have fewer
 * @param batchOf returns a batch by its index
 */
export async function pastOf(
  specs: Specs,
  history: Int32Array,
  batch: number,
  batchOf: (batch: number) => Promise<Values>,
): Promise<Values> {
  const taken = Object.entries(specs).map(([name, spec]) => [name, zeros(spec)] as const);
  for (const [row, number] of history.entries()) {
    const given = await batchOf(Math.floor(number / batch));
    for (const [name, { data, shape }] of taken) {
      const size = data.length / shape[0]!;
      const begin = (number % batch) * size;
      data.set(given[name]!.data.subarray(begin, begin + size), row * size);
    }
  }
  return Object.fromEntries(taken);
}
