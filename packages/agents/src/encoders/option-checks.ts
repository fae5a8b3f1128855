import { type Check, finite, oneOf, whole } from '@lea/core';
import type { Encoder } from '../types.ts';
import type { ItemInput } from './items.ts';

/** Limited because every block has named parameters. */
export const layerCount: Check<number> = whole(1, 4096);

export const dropoutRate: Check<number> = finite(0, 0.99);

export const tiedWeights: Check<Encoder['tied']> = oneOf(false, true, 'bias');

export const itemInput: Check<ItemInput> = oneOf('id', 'id+text', 'text-init');
