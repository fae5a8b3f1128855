import { LeaError } from '@lea/core';
import { availableMemory } from '@lea/core/node';
import type { Recorded } from './recorder/record.ts';
import type { ProgramSpecs } from './types.ts';
import { sizeOf } from './values.ts';

/** ONNX Runtime doubles its memory whenever it is full. */
const DOUBLING = 2;
/** The runtime's copy of a constant and its packed form. */
const COPIES = 2;

/**
 * The estimated peak memory of one step in bytes.
 *
 * @throws LeaError `E_COMPILE_MEMORY` if even the values that live at the same time do not fit
 */
export function estimatedMemory(
  { workingBytes, constants }: Pick<Recorded, 'workingBytes' | 'constants'>,
  { state = {} }: Pick<ProgramSpecs, 'state'>,
): number {
  const bytes = (some: readonly { readonly shape: readonly number[] }[]) =>
    some.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const live = workingBytes + bytes(Object.values(state));
  const available = availableMemory();
  if (live + bytes(constants) > available) {
    const gb = (value: number) => `${(value / 1e9).toFixed(1)} GB`;
    throw new LeaError(
      'E_COMPILE_MEMORY',
      `A step needs at least ${gb(live)} of memory, and there are ${gb(available)}.`,
      {
        value: live,
        hint: 'Take a smaller batch, a shorter window, or a sampled loss, whose steps do not score the whole catalog.',
      },
    );
  }
  return DOUBLING * live + COPIES * bytes(constants);
}
