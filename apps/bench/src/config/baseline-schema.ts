import { memorySchema } from '@lea/agents';
import { entriesOf } from '@lea/core';
import {
  baselineTypes,
  coOccurrenceSchema,
  easeSchema,
  itemKnnSchema,
  sequentialRulesSchema,
  sessionKnnSchema,
  stanSchema,
  vsknnSchema,
} from '@lea/eval';
import * as v from 'valibot';
import { count, described, flag, name, positive } from './schema-values.ts';
import { options, strict, withDefined } from './strict.ts';

/** The options of `countingMemory` that JSON can express, documented in @lea/agents. */
export const memoryOptions = {
  text: v.optional(described(flag, 'Whether the memory uses text similarity. Default: true if there are texts.')),
  ...entriesOf(memorySchema, ['horizon', 'gateRows', 'gateSteps', 'smoothing', 'textPower']),
  // The library also takes Infinity, which JSON does not have.
  ...options(['neighbors', 'textNeighbors'], count),
};

const named = {
  name: v.optional(
    described(
      name,
      'Name of the baseline in tables and folders, other than those of all runs and baselines. Default: that of its type.',
    ),
  ),
};

const sessionKnn = {
  // The library also takes Infinity here, and in the scales of `stan`.
  ...options(['neighbors', 'sample'], count),
  ...entriesOf(sessionKnnSchema, ['repeat']),
};

/** Options of the baselines in @lea/eval. Options with a grid are tuned on validation by default. */
const includedBaseline = v.variant('type', [
  strict('baseline', { type: v.literal('popularity'), ...named }),
  strict('baseline', { type: v.literal('repeat-history'), ...named }),
  strict('baseline', { type: v.literal('last-item-markov'), ...named }),
  strict('baseline', {
    type: v.literal('sequential-rules'),
    ...named,
    ...entriesOf(sequentialRulesSchema, ['steps', 'distancePower']),
    // The library also takes Infinity.
    neighbors: v.optional(count),
  }),
  strict('baseline', { type: v.literal('text-similarity'), ...named }),
  strict('baseline', { type: v.literal('counting-memory'), ...named, ...memoryOptions }),
  strict('baseline', {
    type: v.literal('co-occurrence'),
    ...named,
    text: v.optional(described(flag, 'Whether the baseline uses text similarity. Default: false.')),
    ...entriesOf(coOccurrenceSchema, ['textNormalized', 'repeat']),
  }),
  strict('baseline', {
    type: v.literal('item-knn'),
    ...named,
    ...entriesOf(itemKnnSchema, ['countPower', 'decay']),
    neighbors: v.optional(count),
    ...entriesOf(itemKnnSchema, ['repeat']),
  }),
  strict('baseline', { type: v.literal('sknn'), ...named, ...sessionKnn }),
  strict('baseline', {
    type: v.literal('vsknn'),
    ...named,
    ...sessionKnn,
    ...entriesOf(vsknnSchema, ['positionPower', 'idf']),
  }),
  strict('baseline', {
    type: v.literal('stan'),
    ...named,
    ...sessionKnn,
    ...options(['positionScale', 'ageScale', 'distanceScale'], positive),
    ...entriesOf(stanSchema, ['backward']),
  }),
  strict('baseline', {
    type: v.literal('ease'),
    ...named,
    // The library also takes a `gramInverse`.
    regularization: v.optional(positive),
    ...entriesOf(easeSchema, ['decay', 'repeat']),
  }),
]);

export const baseline = withDefined('baseline', includedBaseline, baselineTypes, named);
