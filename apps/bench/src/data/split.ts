import { resolve } from 'node:path';
import { LeaError } from '@lea/core';
import {
  type Interactions,
  leaveOneOut,
  type Split,
  splitByTime,
  splitByTimeQuantiles,
  splitByUser,
  splitByUserLists,
} from '@lea/data';
import * as v from 'valibot';
import { readJsonFile } from '../config/json-file.ts';
import industrial from '../config/presets/splits/industrial.json' with { type: 'json' };
import lastfm from '../config/presets/splits/lastfm.json' with { type: 'json' };
import type { SplitConfig } from '../config/schema.ts';

const included: Record<string, unknown> = { industrial, lastfm };

/** Ids as a list, or as one string with spaces between them. */
const ids = v.union([
  v.array(v.string()),
  v.pipe(
    v.string(),
    v.transform((text) => text.split(/\s+/).filter(Boolean)),
  ),
]);
const listsSchema = v.strictObject({ validation: ids, test: ids });

/**
 * Carries out the split that a config asks for.
 *
 * @throws LeaError `E_SPLIT_EMPTY` naming the set without events, and the errors of the splits
 */
export async function splitAs(config: SplitConfig, interactions: Interactions, folder: string): Promise<Split> {
  const split = await carryOut(config, interactions, folder);
  const empty = (['validation', 'test'] as const).filter((set) => split[set].count === 0);
  if (empty.length === 0) return split;
  throw new LeaError(
    'E_SPLIT_EMPTY',
    `Expected validation and test events, but the split "${config.type}" leaves no events for ${empty.join(' and ')}.`,
    {
      value: split.info.events,
      hint: ways[config.type],
    },
  );
}

const ways: Record<SplitConfig['type'], string> = {
  'by-user': 'Give these sets a larger fraction, or use data with more users.',
  'user-lists': 'List users with events for both sets.',
  'leave-one-out': 'Use data with users who have at least three events.',
  'by-time-quantiles': 'Use data with times that differ, or lower the shares.',
  'by-time': 'Set validationFrom and testFrom within the times of the data, in the same unit.',
};

async function carryOut(config: SplitConfig, interactions: Interactions, folder: string): Promise<Split> {
  if (config.type === 'by-user')
    return splitByUser(interactions, { seed: config.seed ?? 0, fractions: config.fractions, stable: config.stable });
  if (config.type === 'leave-one-out') return leaveOneOut(interactions);
  if (config.type === 'by-time') return splitByTime(interactions, config);
  if (config.type === 'by-time-quantiles') {
    return splitByTimeQuantiles(interactions, {
      validationFrom: config.validationFrom ?? 0.8,
      testFrom: config.testFrom ?? 0.9,
    });
  }
  return splitByUserLists(interactions, await userLists(config.lists, folder));
}

async function userLists(name: string, folder: string): Promise<{ validation: string[]; test: string[] }> {
  const path = resolve(folder, name);
  const json = Object.hasOwn(included, name) ? included[name] : await readJsonFile(path);
  const lists = v.safeParse(listsSchema, json);
  if (lists.success) return lists.output;
  throw new LeaError(
    'E_CONFIG',
    `${path} must hold { "validation": [user ids], "test": [user ids] }: ${lists.issues[0].message}.`,
  );
}
