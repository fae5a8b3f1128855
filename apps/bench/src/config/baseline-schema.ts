import { baselineTypes } from '@lea/eval';
import * as v from 'valibot';
import { count, flag, fromZeroToOne, notNegative, number, positive } from './schema-values.ts';
import { options, strict, withDefined } from './strict.ts';

/** The options of `countingMemory` that JSON can express, documented in @lea/agents. */
export const memoryOptions = {
  /** Whether the memory uses text similarity; by default if there are texts. */
  text: v.optional(flag),
  ...options(['horizon', 'neighbors', 'textNeighbors', 'gateRows', 'gateSteps'], count),
  smoothing: v.optional(positive),
  textPower: v.optional(positive),
};

/** How the items of the window are scored. */
const repeat = v.optional(v.union([number, v.literal('never')]));
const sessionKnn = { ...options(['neighbors', 'sample'], count), repeat };

/** Options of the baselines in @lea/eval. Options with a grid are tuned on validation by default. */
const includedBaseline = v.variant('type', [
  strict('baseline', { type: v.literal('popularity') }),
  strict('baseline', { type: v.literal('repeat-history') }),
  strict('baseline', { type: v.literal('last-item-markov') }),
  strict('baseline', { type: v.literal('text-similarity') }),
  strict('baseline', { type: v.literal('counting-memory'), ...memoryOptions }),
  strict('baseline', {
    type: v.literal('co-occurrence'),
    text: v.optional(flag),
    textNormalized: v.optional(flag),
    repeat,
  }),
  strict('baseline', {
    type: v.literal('item-knn'),
    countPower: v.optional(fromZeroToOne),
    decay: v.optional(fromZeroToOne),
    neighbors: v.optional(count),
    repeat,
  }),
  strict('baseline', { type: v.literal('sknn'), ...sessionKnn }),
  strict('baseline', { type: v.literal('vsknn'), ...sessionKnn }),
  strict('baseline', {
    type: v.literal('stan'),
    ...sessionKnn,
    ...options(['positionScale', 'ageScale', 'distanceScale'], positive),
    backward: v.optional(notNegative),
  }),
  strict('baseline', {
    type: v.literal('ease'),
    regularization: v.optional(positive),
    decay: v.optional(fromZeroToOne),
    repeat,
  }),
]);

export const baseline = withDefined('baseline', includedBaseline, baselineTypes);
