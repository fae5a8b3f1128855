import { checkDefinition, createRegistry, type Given, optionsOf, type TypeDefinition, withDefaults } from '@lea/core';
import type { Interactions } from './interactions.ts';
import type { ItemTexts } from './item-texts.ts';

/** The parts of a data set that a package defines. */
export interface OwnDataset {
  /** The events, of `interactionsOf` or `readInteractions`. */
  readonly interactions: Interactions;
  /** Texts of the items; left out where the data have none. */
  readonly itemTexts?: ItemTexts;
}

/** Creates data sets of one type; see {@link defineDataset}. */
export interface DatasetDefinition<O extends object> extends TypeDefinition<O> {
  /** Reads or generates the data. @param folder where relative paths start */
  load(options: O, folder: string): OwnDataset | Promise<OwnDataset>;
}

/** Loads a data set with some of its options. @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` */
export interface DatasetFactory<O extends object = object> {
  (options?: Given<O>, folder?: string): Promise<OwnDataset>;
  /** Name of the type in configs. */
  readonly type: string;
  /** The options given or by default, checked. */
  complete(options?: Given<O>): O;
}

const datasets = createRegistry<DatasetFactory>('data set');

/**
 * Makes a type of data set known to the bench, whose configs then name it: `"dataset": { "type": "mine", ...options }`.
 *
 * @returns its loader: `const mine = defineDataset({ ... }); await mine({ file: 'log.jsonl' })`
 * @throws LeaError `E_TYPE_TAKEN` when there is one of that name and `override` is not set
 */
export function defineDataset<O extends object>(
  definition: DatasetDefinition<O>,
  options?: { override?: boolean },
): DatasetFactory<O> {
  checkDefinition('defineDataset', definition, ['load']);
  const { override } = withDefaults('defineDataset', { override: false }, options);
  const { type } = definition;
  const complete = (given?: Given<O>): O => optionsOf(definition, given);
  const load: DatasetFactory<O> = Object.assign(
    async (given?: Given<O>, folder = '.') => await definition.load(complete(given), folder),
    { type, complete },
  );
  datasets.define(load as DatasetFactory, override);
  return load;
}

/** The types that {@link defineDataset} made. */
export function datasetTypes(): string[] {
  return datasets.types();
}

/** The loader of a type. @throws LeaError `E_TYPE_UNKNOWN` */
export function findDataset(type: string): DatasetFactory {
  return datasets.find(type);
}
