import { LeaError } from '@lea/core';
import { type DatasetFactory, datasetTypes, findDataset } from '@lea/data';
import { type BaselineFactory, baselineTypes, findBaseline } from '@lea/eval';
import type { BaselineConfig, DatasetConfig, Experiment } from './schema.ts';

/** A data set or a baseline that a package has defined, with its options in the config. */
export interface Defined<F> {
  readonly factory: F;
  readonly options: object;
}

/** The loader of a data set, if a package has defined it. */
export function definedDataset({ type, ...options }: DatasetConfig): Defined<DatasetFactory> | undefined {
  return datasetTypes().includes(type) ? { factory: findDataset(type), options } : undefined;
}

/** The factory of a baseline, if a package has defined it. */
export function definedBaseline({ type, name: _, ...options }: BaselineConfig): Defined<BaselineFactory> | undefined {
  return baselineTypes().includes(type) ? { factory: findBaseline(type), options } : undefined;
}

/**
 * Checks the options of types that packages have defined.
 *
 * @throws LeaError the error of the type, with the place in the config
 */
export function checkDefined({ dataset, baselines }: Experiment, origin: string): void {
  complete(definedDataset(dataset), `${origin}, at dataset`);
  for (const [i, baseline] of baselines.entries()) complete(definedBaseline(baseline), `${origin}, at baselines.${i}`);
}

function complete(defined: Defined<DatasetFactory | BaselineFactory> | undefined, where: string): void {
  try {
    defined?.factory.complete(defined.options);
  } catch (cause) {
    if (!(cause instanceof LeaError)) throw cause;
    throw new LeaError(cause.code, `${where}: ${cause.message}`, { cause });
  }
}
