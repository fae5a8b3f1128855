import { entriesOf } from '@lea/core';
import { datasetTypes, dynamicsSchema, worldSchema } from '@lea/data';
import * as v from 'valibot';
import { count, described, flag, number, positive, seed, text } from './schema-values.ts';
import { options, strict, withDefined } from './strict.ts';

const columns = strict('dataset.columns', {
  user: v.optional(text),
  item: v.optional(text),
  time: v.optional(described(v.nullable(text), 'Column of times; null uses the order of the rows.')),
  kind: v.optional(described(v.nullable(text), 'Column of kinds of events; null makes every event a click.')),
  reward: v.optional(described(text, 'Column of rewards, a number per event: "rewards": "logged" learns from them.')),
  history: v.optional(
    described(v.nullable(text), 'Column with the items that the user chose before, in one cell; null for none.'),
  ),
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
    ...entriesOf(worldSchema, ['tastes', 'meanLength']),
    dynamics: v.optional(
      described(
        strict(
          'dataset.dynamics',
          entriesOf(dynamicsSchema, ['interest', 'satiation', 'boredom', 'impatience', 'cold', 'lead']),
        ),
        'Users accept items or not, are satiated and leave; {} for the defaults. The command returns needs it.',
      ),
    ),
  }),
  strict('dataset', { type: v.literal('industrial') }),
  strict('dataset', { type: v.literal('lastfm') }),
  strict('dataset', { type: v.literal('ml-1m') }),
  strict('dataset', { type: v.literal('retailrocket') }),
  strict('dataset', { type: v.literal('retailrocket-events') }),
  strict('dataset', {
    type: v.literal('s3-rec'),
    file: described(
      text,
      'File in the format of S3-Rec, such as "Beauty.txt": a line per user, the user and then the items.',
    ),
  }),
  strict('dataset', {
    type: v.literal('yoochoose'),
    sessions: v.optional(described(count, 'Number of sessions to draw. Default: 200,000.')),
    seed: v.optional(seed),
  }),
  strict('dataset', {
    type: v.literal('files'),
    interactions: described(
      text,
      'File of events: delimited text, Parquet or JSON. The path starts at the folder of the config, or at --data.',
    ),
    engine: v.optional(
      described(
        v.picklist(['js', 'duckdb']),
        'Reader of delimited text. duckdb reads large files and globs such as "*.csv".',
      ),
    ),
    itemTexts: v.optional(
      described(text, 'File of item texts. The path starts at the folder of the config, or at --data.'),
    ),
    columns: v.optional(described(columns, 'Names of the columns. Only user and item are needed.')),
    kinds: v.optional(
      described(
        v.record(v.string(), v.nullable(v.string())),
        'Value in the log -> kind, for example { "view": "click", "seen": null }. null drops the events.',
      ),
    ),
    separator: v.optional(described(text, 'Separator between the items of a history in one cell.')),
    ...reading,
    text: v.optional(
      described(
        strict('dataset.text', {
          column: v.optional(described(text, 'Column of the item id.')),
          template: v.optional(described(text, 'Text of an item from its columns, for example "{title} by {brand}".')),
          index: v.optional(described(text, 'File that maps raw ids to ids.')),
          missingText: v.optional(
            described(
              v.picklist(['throw', 'id']),
              'Items without text: "throw" refuses them, "id" takes the id as text.',
            ),
          ),
          ...reading,
        }),
        'How the file of item texts is read.',
      ),
    ),
  }),
]);

/** Types that packages define check their own options. */
export const dataset = withDefined('dataset', includedDataset, datasetTypes);

/** `splitByTime` reads the dates. */
const timePoint = v.union([number, text]);

/** A share of the events that leaves some on both sides. */
const share = v.pipe(positive, v.ltValue(1));

export const split = v.variant('type', [
  strict('split', {
    type: v.literal('by-user'),
    seed: v.optional(seed),
    fractions: v.optional(v.tuple([positive, positive, positive])),
    stable: v.optional(described(v.boolean(), 'Whether users keep their set when the log grows. Default: false.')),
  }),
  strict('split', {
    type: v.literal('user-lists'),
    lists: described(text, 'A JSON file { "validation": [ids], "test": [ids] }, or the name of a built-in list.'),
  }),
  strict('split', { type: v.literal('leave-one-out') }),
  strict('split', {
    type: v.literal('by-time'),
    validationFrom: described(
      timePoint,
      'First time of validation: in the unit of the data, or an ISO date such as "2024-05-01".',
    ),
    testFrom: described(timePoint, 'First time of test: in the unit of the data, or an ISO date.'),
  }),
  strict('split', {
    type: v.literal('by-time-quantiles'),
    validationFrom: v.optional(described(share, 'Share of the events before validation. Default: 0.8.')),
    testFrom: v.optional(described(share, 'Share of the events before test. Default: 0.9.')),
  }),
]);
