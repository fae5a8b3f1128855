import { checkPaths } from '@lea/core';
import { readInteractions } from '../read/interactions.ts';
import { readItemTexts } from '../read/item-texts.ts';
import { type Dataset, filesOf } from './dataset.ts';

const source =
  'The data set is "Industrial and Scientific" of the Amazon Review Data 2018 (Ni et al. 2019; 5-core), ' +
  'preprocessed by UniSRec: run the preprocessing of github.com/RUCAIBox/UniSRec, ' +
  'or get its files from github.com/ysh-1998/CoWPiRec, folder dataset/Scientific.';

/**
 * Amazon "Industrial and Scientific": 8,442 users and 4,385 items with texts "Title. Category path. Brand.". Events have an
 * order but no times, and all are `click`. A user's sequence is the history plus the target of the user's test row
 * (histories in that file hold the last 50 items).
 *
 * @throws LeaError `E_DATA_MISSING` and the errors of the readers
 */
export async function loadIndustrial(dir: string): Promise<Dataset> {
  checkPaths('loadIndustrial', { dir });
  const files = await filesOf(
    dir,
    { events: 'Scientific.test.inter', texts: 'Scientific.text', index: 'Scientific.item2index' },
    source,
  );
  const interactions = await readInteractions(files.events);
  const itemTexts = await readItemTexts(files.texts, { index: files.index, itemIds: interactions.itemIds });
  return { name: 'industrial', interactions, itemTexts };
}
