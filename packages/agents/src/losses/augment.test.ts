import { int32 } from '@lea/tensor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyTensor, tensors } from '../testing/tensors.ts';
import type { Histories } from '../types.ts';
import { type Augmentation, augment } from './augment.ts';

const PAD = 9;

function histories(rows: readonly (readonly number[])[], window: number): Histories {
  const padded = rows.map((row) => [...row, ...Array<number>(window - row.length).fill(PAD)]);
  const { items, length } = tensors({
    items: int32(padded.flat(), [rows.length, window]),
    length: int32(rows.map((row) => Math.max(row.length, 1))),
  });
  return { items: items!, length: length! };
}

function altered(rows: readonly (readonly number[])[], window: number, kind: Augmentation, seed: number): number[][] {
  const before = histories(rows, window);
  const after = augment(before, kind, keyTensor(seed), PAD);
  expect(after.items.dtype).toBe('int32');
  expect(Array.from(after.length.dataSync())).toEqual(Array.from(before.length.dataSync()));
  return after.items.arraySync() as number[][];
}

const sorted = (row: readonly number[]) => [...row].sort((a, b) => a - b);
const anyRows = fc.array(fc.array(fc.integer({ min: 0, max: PAD - 1 }), { maxLength: 6 }), {
  minLength: 1,
  maxLength: 6,
});

test('permute keeps the items and the padding', () => {
  fc.assert(
    fc.property(anyRows, fc.nat(), (rows, seed) => {
      altered(rows, 6, 'permute', seed).forEach((row, i) => {
        const { length } = rows[i]!;
        expect(sorted(row.slice(0, length))).toEqual(sorted(rows[i]!));
        expect(row.slice(length)).toEqual(Array(6 - length).fill(PAD));
      });
    }),
    { numRuns: 40 },
  );
});

test('permute: every order is equally likely, rows are independent, the key decides', () => {
  const rows = Array.from({ length: 1200 }, () => [1, 2, 3]);
  const drawn = altered(rows, 4, 'permute', 1);
  const counts = new Map<string, number>();
  for (const row of drawn) counts.set(row.join(), (counts.get(row.join()) ?? 0) + 1);
  expect(counts.size).toBe(6);
  // Five standard deviations of a binomial count.
  for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(5 * Math.sqrt(200 * (5 / 6)));
  expect(altered(rows, 4, 'permute', 1)).toEqual(drawn);
  expect(altered(rows, 4, 'permute', 2)).not.toEqual(drawn);
});

test('crop blanks one stretch of 2 or 3, or what there is, never the newest event', () => {
  const widths = new Set<number>();
  fc.assert(
    fc.property(anyRows, fc.nat(), (rows, seed) => {
      altered(rows, 6, 'crop', seed).forEach((row, i) => {
        const before = rows[i]!;
        const older = Math.max(before.length - 1, 0);
        const blank = before.flatMap((_, j) => (row[j] === PAD ? [j] : []));
        row.forEach((item, j) => {
          if (!blank.includes(j)) expect(item).toBe(before[j] ?? PAD);
        });
        expect([Math.min(2, older), Math.min(3, older)]).toContain(blank.length);
        if (older > 0) {
          expect(blank.at(-1)! - blank[0]! + 1).toBe(blank.length);
          expect(blank.at(-1)).toBeLessThan(older);
        }
        widths.add(blank.length);
      });
    }),
    { numRuns: 40 },
  );
  expect(widths).toContain(2);
  expect(widths).toContain(3);
});

test('crop: every stretch is equally likely', () => {
  const rows = Array.from({ length: 1200 }, () => [1, 2, 3, 4, 5]);
  const counts = new Map<string, number>();
  for (const row of altered(rows, 5, 'crop', 3)) counts.set(row.join(), (counts.get(row.join()) ?? 0) + 1);
  // Width 2: three starts; width 3: two.
  expect(counts.size).toBe(5);
  for (const [row, count] of counts) {
    const chance = row.split(',').filter((x) => x === '9').length === 2 ? 1 / 6 : 1 / 4;
    expect(Math.abs(count - 1200 * chance), row).toBeLessThan(5 * Math.sqrt(1200 * chance * (1 - chance)));
  }
});

test('mask blanks each event with chance 0.15, never the newest', () => {
  const rows = Array.from({ length: 1000 }, () => [1, 2, 3, 4, 5]);
  const drawn = altered(rows, 6, 'mask', 5);
  const blanks = [0, 1, 2, 3].map((slot) => drawn.filter((row) => row[slot] === PAD).length);
  for (const count of blanks) expect(Math.abs(count - 150)).toBeLessThan(5 * Math.sqrt(1000 * 0.15 * 0.85));
  for (const row of drawn) {
    expect(row.slice(4)).toEqual([5, PAD]);
    row.slice(0, 4).forEach((item, slot) => {
      expect([slot + 1, PAD]).toContain(item);
    });
  }
});

test.each(['permute', 'crop', 'mask'] as const)('%s leaves empty histories and single events alone', (kind) => {
  for (const seed of [1, 2, 3]) {
    expect(altered([[], [4]], 3, kind, seed)).toEqual([
      [PAD, PAD, PAD],
      [4, PAD, PAD],
    ]);
  }
});
