import { desc, table } from 'arquero';
import { expect, it } from 'vitest';
import { fromTable } from './from-table.ts';

const events = table({ who: [2, 1, 2], what: ['x', 'y', 'y'], when: [2, 5, 1], how: ['click', 'purchase', 'click'] });

it('reads an arquero table', () => {
  const data = fromTable(events, { user: 'who', item: 'what', time: 'when', kind: 'how' });
  expect(data.userIds).toEqual(['1', '2']);
  expect([...data.item]).toEqual([1, 1, 0]);
  expect([...data.kind]).toEqual([1, 0, 0]);
  const paid = fromTable(events, { user: 'who', item: 'what', time: 'when', reward: 'WHEN' });
  expect(paid.reward).toEqual(Float64Array.of(5, 1, 2));
});

it('sees it filtered and sorted', () => {
  const shown = events.filter((row: { who: number }) => row.who === 2).orderby(desc('when'));
  const data = fromTable(shown, { user: 'who', item: 'what' });
  expect([...data.item].map((item) => data.itemIds[item])).toEqual(['x', 'y']);
});

it('refuses missing columns, empty cells and bad times', () => {
  expect(() => fromTable(events, { user: 'whom', item: 'what' })).toThrow(/"whom"\. Did you mean "who"/);
  const holes = table({ user: ['a', 'b'], item: ['x', null], time: [1, null] });
  expect(() => fromTable(holes, { user: 'user', item: 'item' })).toThrow(/table row 1, column item/);
  expect(() => fromTable(holes, { user: 'user', item: 'user', time: 'time' })).toThrow(
    /table row 1, column time: .*Got null/,
  );
});

it.each([
  [Number.NaN, 'E_CELL_MISSING'],
  [undefined, 'E_CELL_MISSING'],
  ['NULL', 'E_CELL_MISSING'],
  [{ a: 1 }, 'E_CELL_BAD'],
  [['a', 'b'], 'E_CELL_BAD'],
  [2 ** 53 + 2, 'E_CELL_BAD'],
])('refuses %j as an id, with row and column', (cell, code) => {
  const read = () => fromTable(table({ who: ['a', 'b'], what: ['x', cell] }), { user: 'who', item: 'what' });
  expect(read).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining('table row 1, column what: ') }),
  );
});

it('takes columns whatever their case, notes those that are not read, and refuses roles there are not', () => {
  const events = table({ User: ['a', 'a'], ITEM: ['x', 'y'], Timestamp: [2n, 1n], event: ['buy', 'buy'] });
  const data = fromTable(events, { user: 'user', item: 'item', time: 'timestamp' });
  expect([...data.item]).toEqual([1, 0]);
  expect(data.info.notes).toEqual([expect.stringContaining('table: column "event" looks like the kind')]);
  expect(() => fromTable(events, { user: 'user', item: 'item', tim: 'timestamp' } as never)).toThrow(/"time"/);
});
