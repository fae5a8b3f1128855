import { resolve } from 'node:path';
import { contentHash, LeaError } from '@lea/core';
import {
  type Catalog,
  createWorld,
  dataHash,
  type Interactions,
  loadIndustrial,
  loadLastfm,
  readCatalog,
  readInteractions,
  type World,
} from '@lea/data';
import type { DatasetConfig } from '../config/schema.ts';
import { locate } from './locate.ts';

/** What an experiment runs on. */
export interface Dataset {
  readonly name: string;
  readonly interactions: Interactions;
  readonly catalog: Catalog | undefined;
  /** Of events and texts. */
  readonly hash: string;
  /** The synthetic world it comes from, whose true rewards are known. */
  readonly world?: World;
}

/**
 * Reads or generates the data of an experiment.
 *
 * @param data folder of the files (`--data`)
 * @param folder where the config's relative paths start when no `data` is given
 * @throws LeaError `E_DATA_MISSING` saying where people get the files, and those of the readers
 */
export async function loadDataset(config: DatasetConfig, data: string | undefined, folder: string): Promise<Dataset> {
  if (config.type === 'world') {
    const { type: _, ...options } = config;
    const world = createWorld(options);
    return { ...finish('world', world.interactions, world.catalog), world };
  }
  if (config.type === 'files') {
    const { interactions, catalog } = await readFiles(config, data ?? folder);
    return finish('files', interactions, catalog);
  }
  const [load, usual] = {
    industrial: [loadIndustrial, 'industrial_and_scientific'] as const,
    lastfm: [loadLastfm, 'lastfm_hetrec'] as const,
  }[config.type];
  const { name, interactions, catalog } = await load(await locate(data, usual)).catch((error: unknown) => {
    if (!(error instanceof LeaError && error.code === 'E_DATA_MISSING')) throw error;
    throw new LeaError(error.code, error.message, { hint: 'Then say where with --data DIR.', cause: error });
  });
  return finish(name, interactions, catalog);
}

async function readFiles(
  config: Extract<DatasetConfig, { type: 'files' }>,
  folder: string,
): Promise<{ interactions: Interactions; catalog: Catalog | undefined }> {
  const at = (path: string) => resolve(folder, path);
  const interactions = await readInteractions(at(config.interactions), {
    columns: config.columns,
    kinds: config.kinds,
  });
  if (config.catalog === undefined) return { interactions, catalog: undefined };
  const { column, template, index } = config.text ?? {};
  const catalog = await readCatalog(at(config.catalog), {
    itemIds: interactions.itemIds,
    id: column,
    template,
    index: index === undefined ? undefined : at(index),
  });
  return { interactions, catalog };
}

function finish(name: string, interactions: Interactions, catalog: Catalog | undefined): Dataset {
  return { name, interactions, catalog, hash: contentHash(dataHash(interactions), catalog?.texts ?? null) };
}
