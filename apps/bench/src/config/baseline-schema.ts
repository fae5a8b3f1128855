import { memorySchema } from '@lea/agents';
import { entriesOf } from '@lea/core';
import { baselineTypes } from '@lea/eval';
import * as v from 'valibot';
import { count, described, flag, fromZeroToOne, notNegative, number, positive } from './schema-values.ts';
import { options, strict, withDefined } from './strict.ts';

/** The options of `countingMemory` that JSON can express, documented in @lea/agents. */
export const memoryOptions = {
  text: v.optional(described(flag, 'Whether the memory uses text similarity. Default: true if there are texts.')),
  ...entriesOf(memorySchema, ['horizon', 'gateRows', 'gateSteps', 'smoothing', 'textPower']),
  // The library also takes Infinity, which JSON does not have.
  ...options(['neighbors', 'textNeighbors'], count),
};

const repeat = v.optional(
  described(
    v.union([number, v.literal('never')]),
    'How the items of the window are scored: "never" ranks them below all others, a number raises them.',
  ),
);
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
