import { desc, table } from 'arquero';
import { expect, it } from 'vitest';
import { fromTable } from './from-table.ts';

const events = table({ who: [2, 1, 2], what: ['x', 'y', 'y'], when: [2, 5, 1], how: ['click', 'purchase', 'click'] });

it('reads an arquero table', () => {
  const data = fromTable(events, { user: 'who', item: 'what', time: 'when', kind: 'how' });
  expect(data.userIds).toEqual(['1', '2']);
  expect([...data.item]).toEqual([1, 1, 0]);
  expect([...data.kind]).toEqual([1, 0, 0]);
});

it('sees it filtered and sorted', () => {
  const shown = events.filter((row: { who: number }) => row.who === 2).orderby(desc('when'));
  const data = fromTable(shown, { user: 'who', item: 'what' });
  expect([...data.item].map((item) => data.itemIds[item])).toEqual(['x', 'y']);
});

it('refuses missing columns, empty cells and bad times', () => {
  expect(() => fromTable(events, { user: 'whom', item: 'what' })).toThrow(/"whom"\. The nearest is "who"/);
  const holes = table({ user: ['a', 'b'], item: ['x', null], time: [1, null] });
  expect(() => fromTable(holes, { user: 'user', item: 'item' })).toThrow(/table row 1, column item/);
  expect(() => fromTable(holes, { user: 'user', item: 'user', time: 'time' })).toThrow(/table row 1: the time/);
});
