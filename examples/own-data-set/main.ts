// A custom data set: reads events and texts from two files and checks them before training.
// #region imports
import { findLeaks, splitByUser } from '@lea/data';
import { readInteractions, readItemTexts } from '@lea/data/node';
// #endregion imports

export async function main(folder: string = import.meta.dirname): Promise<string[]> {
  // #region events
  const log = await readInteractions(`${folder}/events.csv`, {
    columns: { user: 'visitor', item: 'sku', time: 'at', kind: 'event' },
    kinds: { view: 'click', transaction: 'purchase', search: null },
  });
  // #endregion events
  // #region texts
  const itemTexts = await readItemTexts(`${folder}/items.csv`, {
    id: 'sku',
    template: '{title}. {brand}.',
    itemIds: log.itemIds,
  });
  // #endregion texts
  // #region checks
  const split = splitByUser(log, { seed: 0 });
  const { counts } = findLeaks(split);
  // #endregion checks
  return [
    `${log.userIds.length} users, ${log.itemIds.length} items, ${log.item.length} events: ${log.kinds.join(', ')}`,
    `the first text: ${itemTexts.texts[0]}`,
    `train ${split.train.count}, validation ${split.validation.count}, test ${split.test.count} decisions`,
    `${counts.test.leaking} of ${counts.test.sequences} test users share a run of events with others`,
  ];
}

if (import.meta.main) console.log((await main()).join('\n'));
