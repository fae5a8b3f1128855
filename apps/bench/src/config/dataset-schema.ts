import { datasetTypes } from '@lea/data';
import * as v from 'valibot';
import { count, flag, number, positive, seed, text } from './schema-values.ts';
import { options, strict, withDefined } from './strict.ts';

const columns = strict('dataset.columns', {
  user: v.optional(text),
  item: v.optional(text),
  time: v.optional(text),
  kind: v.optional(text),
  history: v.optional(text),
});

/** Options of `readInteractions` and `readItemTexts`, documented in @lea/data. */
const reading = {
  ...options(['delimiter', 'encoding'], text),
  quote: v.optional(v.nullable(text)),
  header: v.optional(v.pipe(v.array(text), v.minLength(1))),
  missing: v.optional(v.array(v.string())),
  trim: v.optional(flag),
  maxRecordSize: v.optional(count),
};

const includedDataset = v.variant('type', [
  strict('dataset', {
    type: v.literal('world'),
    seed: v.optional(seed),
    users: v.optional(count),
    items: v.optional(count),
  }),
  strict('dataset', { type: v.literal('industrial') }),
  strict('dataset', { type: v.literal('lastfm') }),
  strict('dataset', { type: v.literal('retailrocket') }),
  strict('dataset', {
    type: v.literal('files'),
    /** Paths are relative to the config file, or to --data. */
    interactions: text,
    itemTexts: v.optional(text),
    columns: v.optional(columns),
    /** Raw value -> kind, e.g. `{ "view": "click", "seen": null }`: null drops the events. */
    kinds: v.optional(v.record(v.string(), v.nullable(v.string()))),
    /** Separator between the items of a history in one cell. */
    separator: v.optional(v.pipe(v.string(), v.nonEmpty())),
    ...reading,
    /** How item texts are built: the id column, a template such as "{title} by {brand}", and a file that maps raw ids to ids. */
    text: v.optional(
      strict('dataset.text', {
        column: v.optional(text),
        template: v.optional(text),
        index: v.optional(text),
        ...reading,
      }),
    ),
  }),
]);

/** Types that packages define check their own options. */
export const dataset = withDefined('dataset', includedDataset, datasetTypes);

/** How users or events are divided into train, validation and test. */
export const split = v.variant('type', [
  strict('split', {
    type: v.literal('by-user'),
    seed: v.optional(seed),
    fractions: v.optional(v.tuple([positive, positive, positive])),
  }),
  /** A JSON file `{ validation: [ids], test: [ids] }`, or the name of a built-in list. */
  strict('split', { type: v.literal('user-lists'), lists: text }),
  strict('split', { type: v.literal('leave-one-out') }),
  strict('split', { type: v.literal('by-time'), validationFrom: number, testFrom: number }),
]);
