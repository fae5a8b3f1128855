import { readCatalog } from '../read/catalog.ts';
import { readInteractions } from '../read/interactions.ts';
import { type Dataset, filesOf } from './dataset.ts';

const source =
  'The data are "Industrial and Scientific" of the Amazon Review Data 2018 (Ni et al. 2019; 5-core) as UniSRec preprocesses it: ' +
  'run the preprocessing of github.com/RUCAIBox/UniSRec, or take its files from github.com/ysh-1998/CoWPiRec, folder dataset/Scientific. ' +
  'Give the folder that holds Scientific.test.inter, Scientific.text and Scientific.item2index.';

/**
 * Amazon "Industrial and Scientific": 8,442 users, 4,385 items with "Title. Category path. Brand."; order only, all events `click`.
 * A user's sequence is the history and the target of its test row (histories there are cut to the last 50).
 *
 * @throws LeaError `E_DATA_MISSING` and those of the readers
 */
export async function loadIndustrial(dir: string): Promise<Dataset> {
  const files = await filesOf(
    dir,
    { events: 'Scientific.test.inter', texts: 'Scientific.text', index: 'Scientific.item2index' },
    source,
  );
  const interactions = await readInteractions(files.events);
  const catalog = await readCatalog(files.texts, { index: files.index, itemIds: interactions.itemIds });
  return { name: 'industrial', interactions, catalog };
}
