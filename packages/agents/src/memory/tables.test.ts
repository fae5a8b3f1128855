import { sparseRows } from '@lea/data';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type NeighborTable, neighborTable, rowOf, tableOf, withRows } from './tables.ts';

it('keeps the largest of each row, the smaller item among equals; sums are of all', () => {
  const pairs = fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.integer({ min: 1, max: 4 })), { maxLength: 40 });
  fc.assert(
    fc.property(pairs, fc.integer({ min: 1, max: 7 }), (all, most) => {
      const dense = Array.from({ length: 6 }, () => Array<number>(6).fill(0));
      // In ascending order, as transposing leaves them.
      for (const [x, y, value] of all) dense[x]![y]! += value;
      const rows = sparseRows(6, (visit) => {
        dense.forEach((row, x) => {
          row.forEach((value, y) => {
            if (value) visit(x, y, value);
          });
        });
      });
      const table = neighborTable(rows, most);
      dense.forEach((row, x) => {
        const best = row.map((value, y) => ({ y, value })).filter(({ value }) => value > 0);
        best.sort((a, b) => b.value - a.value || a.y - b.y).splice(most);
        best.sort((a, b) => a.y - b.y);
        const { columns, values } = rowOf(table, x);
        expect([Array.from(columns), Array.from(values)]).toEqual([
          best.map(({ y }) => y),
          best.map(({ value }) => value),
        ]);
        expect(table.sums[x]).toBe(row.reduce((sum, value) => sum + value, 0));
        expect(table.longest).toBeGreaterThanOrEqual(best.length);
      });
    }),
  );
});

it('a table keeps its form while its rows fit', () => {
  const rows = (count: number) => [
    { columns: Array.from({ length: count }, (_, i) => i), values: Array(count).fill(1) },
    ...Array(99).fill({ columns: [], values: [] }),
  ];
  const first = tableOf(rows(10), new Float32Array(100));
  expect(first.longest).toBe(16);
  expect(first.columns.length).toBe(first.values.length);
  expect(first.columns.length).toBeGreaterThan(10);
  const grown = (table: NeighborTable, count: number) =>
    withRows(table, new Map([[0, rows(count)[0]!]]), new Float32Array(100));
  const same = grown(first, 16);
  expect([same.columns.length, same.longest]).toEqual([first.columns.length, 16]);
  const wider = grown(same, 17);
  expect([wider.columns.length, wider.longest]).toEqual([first.columns.length, 32]);
  expect(grown(wider, 1).longest).toBe(32);
  const longer = grown(wider, 60);
  expect(longer.columns.length).toBeGreaterThan(60);
  expect(longer.longest).toBe(64);
  expect(tableOf(rows(100), new Float32Array(100)).longest).toBe(100);
});

it('other rows take the places of some, and the rest stay', () => {
  const row = fc.uniqueArray(fc.nat(9), { maxLength: 6 }).map((columns) => ({
    columns: columns.sort((a, b) => a - b),
    values: columns.map((column) => column + 1),
  }));
  const rows = fc.array(row, { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(rows, fc.dictionary(fc.nat(9).map(String), row), (before, others) => {
      const sums = Float32Array.from({ length: 10 }, (_, x) => x);
      const changed = new Map(Object.entries(others).map(([x, own]) => [Number(x), own]));
      const table = withRows(tableOf(before, new Float32Array(10)), changed, sums);
      before.forEach((own, x) => {
        const { columns, values } = changed.get(x) ?? own;
        const kept = rowOf(table, x);
        expect([Array.from(kept.columns), Array.from(kept.values)]).toEqual([columns, values]);
        expect(table.longest).toBeGreaterThanOrEqual(columns.length);
      });
      expect(table.sums).toBe(sums);
    }),
  );
});
