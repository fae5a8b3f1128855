import { checkPaths } from '@lea/core';
import { readInteractions } from '../read/interactions.ts';
import { type EventSet, filesOf } from './dataset.ts';
import { frequentOnly } from './frequent.ts';

const source =
  'events.csv is a file of the data set "Retailrocket recommender system dataset" at ' +
  'kaggle.com/datasets/retailrocket/ecommerce-dataset (CC BY-NC-SA 4.0). Copy it into the folder.';

/** Users and items with fewer events are left out. */
const fewest = 3;

/**
 * The raw events of RetailRocket, prepared as in the SQN and SA2C papers (Xin et al., SIGIR 2020 and WSDM 2022): views are
 * clicks, additions to the cart are purchases, and transactions are left out. A sequence holds all events of a visitor over 4.5
 * months. Visitors with fewer than 3 events are left out, then items with fewer than 3 events, once each. The papers count
 * 195,523 sequences, 70,852 items, 1,176,680 clicks and 57,269 purchases. Times are in milliseconds; items have no texts.
 *
 * `loadRetailrocket` reads other files of the same shop, which have no times and fewer repeated views.
 *
 * @throws LeaError `E_DATA_MISSING`, `E_DATA_EMPTY` when no event is left, and the errors of `readInteractions`
 */
export async function loadRetailrocketEvents(dir: string): Promise<EventSet> {
  checkPaths('loadRetailrocketEvents', { dir });
  const { events } = await filesOf(dir, { events: 'events.csv' }, source);
  const interactions = await readInteractions(events, {
    columns: { user: 'visitorid', item: 'itemid', time: 'timestamp', kind: 'event' },
    kinds: { view: 'click', addtocart: 'purchase', transaction: null },
  });
  return { name: 'retailrocket-events', interactions: frequentOnly(interactions, fewest) };
}
