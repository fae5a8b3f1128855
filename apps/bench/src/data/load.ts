import { resolve } from 'node:path';
import { LeaError } from '@lea/core';
import { createWorld, type EventSet, type Interactions, type ItemTexts, type Transitions, type World } from '@lea/data';
import {
  lastfmItemTexts,
  loadIndustrial,
  loadLastfm,
  loadMl1m,
  loadRetailrocket,
  loadRetailrocketEvents,
  loadS3Rec,
  loadYoochoose,
  readInteractions,
  readItemTexts,
} from '@lea/data/node';
import { definedDataset } from '../config/defined.ts';
import type { DatasetConfig } from '../config/schema.ts';
import { locate } from './locate.ts';

/** Data of an experiment before the split, on which the texts may depend. */
export interface Source {
  readonly name: string;
  readonly interactions: Interactions;
  /** The synthetic world it comes from, whose true rewards are known. */
  readonly world?: World;
  /** Texts made of what may be known in training; undefined where the data have none. */
  readonly itemTextsOf: (train: Transitions) => Promise<ItemTexts | undefined>;
}

/**
 * Reads or generates the data of an experiment.
 *
 * @param data folder of the files (`--data`)
 * @param folder where the config's relative paths start when no `data` is given
 * @throws LeaError `E_DATA_MISSING` saying where people get the files, `E_FLAG_VALUE`, and those of the readers
 */
export async function loadDataset(config: DatasetConfig, data: string | undefined, folder: string): Promise<Source> {
  const defined = definedDataset(config);
  if (defined) return ready({ name: config.type, ...(await defined.factory(defined.options, data ?? folder)) });
  switch (config.type) {
    case 'world': {
      if (data !== undefined) throw generated(data);
      const { type: _, ...options } = config;
      const world = createWorld(options);
      return { ...ready({ name: 'world', ...world }), world };
    }
    case 'files':
      return ready({ name: 'files', ...(await readFiles(config, data ?? folder)) });
    case 'industrial':
      return ready(await found(loadIndustrial(await locate(data, 'industrial_and_scientific'))));
    case 'lastfm': {
      const dir = await locate(data, 'lastfm_hetrec');
      const { name, interactions } = await found(loadLastfm(dir));
      return { name, interactions, itemTextsOf: (train) => found(lastfmItemTexts(dir, train)) };
    }
    case 'ml-1m':
      return ready(await found(loadMl1m(await locate(data, 'ml-1m_sequences'))));
    case 'retailrocket':
      return ready(await found(loadRetailrocket(await locate(data, 'retailrocket/multi_behavior'))));
    case 'retailrocket-events':
      return ready(await found(loadRetailrocketEvents(await locate(data, 'retailrocket'))));
    case 's3-rec':
      return ready(await found(loadS3Rec(await locate(data, 's3-rec'), config.file)));
    case 'yoochoose': {
      const { type: _, ...options } = config;
      return ready(await found(loadYoochoose(await locate(data, 'yoochoose'), options)));
    }
  }
}

function generated(data: string): LeaError {
  return new LeaError('E_FLAG_VALUE', 'The data set "world" is generated and reads no files.', {
    value: data,
    hint: 'Leave --data out, or name another data set in the config.',
  });
}

/** Data whose texts are the same for every split. */
function ready({ name, interactions, itemTexts }: EventSet & { itemTexts?: ItemTexts }): Source {
  return { name, interactions, itemTextsOf: async () => itemTexts };
}

/** Adds a hint about --data to errors about missing files. */
function found<T>(loading: Promise<T>): Promise<T> {
  return loading.catch((error: unknown) => {
    if (!(error instanceof LeaError && error.code === 'E_DATA_MISSING')) throw error;
    throw new LeaError(error.code, error.message, {
      hint: 'The bench takes the folder as --data DIR.',
      cause: error,
    });
  });
}

async function readFiles(
  config: Extract<DatasetConfig, { type: 'files' }>,
  folder: string,
): Promise<{ interactions: Interactions; itemTexts?: ItemTexts }> {
  const at = (path: string) => resolve(folder, path);
  const { type: _, interactions: events, itemTexts: texts, text, ...reading } = config;
  const interactions = await readInteractions(at(events), reading);
  if (texts === undefined) return { interactions };
  const { column, index, ...making } = text ?? {};
  const itemTexts = await readItemTexts(at(texts), {
    ...making,
    itemIds: interactions.itemIds,
    id: column,
    index: index === undefined ? undefined : at(index),
  });
  return { interactions, itemTexts };
}
