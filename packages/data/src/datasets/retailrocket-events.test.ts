import { expect, it } from 'vitest';
import { folderWith } from '../fixtures/files.ts';
import { loadRetailrocketEvents } from './retailrocket-events.ts';

const header = 'timestamp,visitorid,event,itemid,transactionid\n';

it('drops transactions, then short visitors, then rare items, once', async () => {
  const rows = [
    // Visitor 1 comes in another order than in time.
    '3,1,addtocart,7,',
    '1,1,view,7,',
    '2,1,view,8,',
    '4,1,transaction,7,99',
    // Two events are too few, and they do not count for item 8.
    '1,2,view,8,',
    '2,2,view,8,',
    // With item 9 alone, which is rare, visitor 3 keeps one event.
    '1,3,view,7,',
    '2,3,view,9,',
    '3,3,view,9,',
  ];
  const { name, interactions } = await loadRetailrocketEvents(folderWith({ 'events.csv': header + rows.join('\n') }));
  const { userIds, itemIds, kinds, user, item, kind, time } = interactions;
  expect([name, userIds, itemIds, kinds]).toEqual(['retailrocket-events', ['1', '3'], ['7'], ['click', 'purchase']]);
  expect([[...user], [...item], [...kind], [...time]]).toEqual([
    [0, 0, 1],
    [0, 0, 0],
    [0, 1, 0],
    [1, 3, 1],
  ]);
});

it('says which file is missing and where people get it', async () => {
  await expect(loadRetailrocketEvents(folderWith({}))).rejects.toThrow(/lacks events\.csv.*kaggle\.com/);
});
