import { key } from '@lea/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setOf } from '../fixtures/set-of.ts';
import { createSampler, rowsPerEpoch, type SamplerOptions } from './sampler.ts';

/** `rows` decisions of users with ten each, so that the history before row i has i % 10 events. */
function draw(options: SamplerOptions, seed: number, { rows, batch }: Sizes, steps: readonly number[]) {
  const train = setOf(Array.from({ length: Math.ceil(rows / 10) }, (_, user) => Math.min(10, rows - user * 10)));
  const sampler = createSampler(options, key(seed), { train, batch, window: 9 });
  return steps.map((step) => {
    const out = new Int32Array(batch);
    sampler(step, out);
    return [...out];
  });
}

const KINDS: SamplerOptions[] = [
  { type: 'independent' },
  { type: 'permutation' },
  { type: 'permutation', buckets: true },
  { type: 'sequences', buckets: true },
];

interface Sizes {
  readonly rows: number;
  readonly batch: number;
}

describe('samplers', () => {
  it.each(KINDS)('%j is a pure function of key and step', (options) => {
    const sizes = { rows: 23, batch: 5 };
    const inOrder = draw(options, 1, sizes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const backwards = draw(options, 1, sizes, [9, 3, 7, 0]);
    expect(backwards).toEqual([inOrder[9], inOrder[3], inOrder[7], inOrder[0]]);
    expect(draw(options, 2, sizes, [0])).not.toEqual([inOrder[0]]);
  });

  it('independent: distinct rows, every row equally often', () => {
    const batches = draw({ type: 'independent' }, 3, { rows: 20, batch: 8 }, [...Array(2000).keys()]);
    const counts = new Array<number>(20).fill(0);
    for (const rows of batches) {
      expect(new Set(rows).size).toBe(8);
      for (const row of rows) counts[row]!++;
    }
    // Expected 800, standard deviation about 22.
    for (const count of counts) expect(Math.abs(count - 800)).toBeLessThan(110);
  });

  it('permutation: every epoch holds every row once, whatever the batch size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.nat(), (rows, size, seed) => {
        const batch = Math.min(rows, size);
        const steps = [...Array(Math.ceil((3 * rows) / batch)).keys()];
        const stream = draw({ type: 'permutation' }, seed, { rows, batch }, steps).flat();
        for (let epoch = 0; epoch < 3; epoch++) {
          const seen = stream.slice(epoch * rows, (epoch + 1) * rows).sort((a, b) => a - b);
          expect(seen).toEqual([...Array(rows).keys()]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('buckets: an epoch holds every row, whole batches once, and a batch holds similar lengths', () => {
    const sizes = { rows: 43, batch: 5 };
    const epoch = draw({ type: 'permutation', buckets: true }, 5, sizes, [...Array(9).keys()]);
    expect(new Set(epoch.flat()).size).toBe(43);
    expect(epoch.flat().length).toBe(45);
    for (const rows of epoch) {
      const lengths = rows.map((row) => row % 10);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(2);
      expect(new Set(rows).size).toBe(5);
    }
    const shortest = epoch.map((rows) => Math.min(...rows.map((row) => row % 10)));
    expect(shortest).not.toEqual(shortest.toSorted((a, b) => a - b));
  });

  it('sequences: an epoch holds the newest row of every user once, and an eighth of the first events in turn', () => {
    // Rows 0..3, 4..5, 6 and 7..16: of users with 4, 2, 1 and 10 events. Windows of 4 tile the last user's from the end.
    const train = setOf([4, 2, 1, 10]);
    const sampler = createSampler({ type: 'sequences' }, key(7), { train, batch: 7, window: 4 });
    expect(rowsPerEpoch({ type: 'sequences' }, train, 4)).toBe(6);
    const stream = [...Array(24).keys()].flatMap((step) => {
      const out = new Int32Array(7);
      sampler(step, out);
      return [...out];
    });
    const epochs = [...Array(28).keys()].map((epoch) => stream.slice(epoch * 6, (epoch + 1) * 6));
    const firsts = [0, 4, 6, 7];
    for (const [i, epoch] of epochs.entries()) {
      expect(epoch.toSorted((a, b) => a - b)).toEqual([3, 5, 8, 12, 16, firsts[i % 4]!].toSorted((a, b) => a - b));
    }
    expect(new Set(epochs.map(String)).size).toBeGreaterThan(20);
  });

  it('sequences in buckets: the same rows per epoch, and a batch holds similar lengths', () => {
    const users = [4, 2, 1, 10, 3, 3, 9, 2, 8, 1, 2, 5];
    const train = setOf(users);
    const options = { type: 'sequences', buckets: true } as const;
    const rows = rowsPerEpoch(options, train, 9);
    expect(rows).toBe(12);
    const lengths = users.flatMap((events) => [...Array(events).keys()].map((before) => Math.min(9, before)));
    for (const batch of [4, 50]) {
      const sampler = createSampler(options, key(7), { train, batch, window: 9 });
      const epoch = [...Array(Math.ceil(rows / batch)).keys()].map((step) => {
        const out = new Int32Array(batch);
        sampler(step, out);
        return [...out];
      });
      const plain = new Int32Array(rows);
      createSampler({ type: 'sequences' }, key(7), { train, batch: rows, window: 9 })(0, plain);
      expect([...new Set(epoch.flat())].sort()).toEqual([...new Set(plain)].sort());
      if (batch > rows) continue;
      const ranges = epoch.map((some) => some.map((row) => lengths[row]!).sort()).sort();
      for (const [at, own] of ranges.slice(1).entries()) expect(own[0]).toBeGreaterThanOrEqual(ranges[at]!.at(-1)!);
    }
  });

  it('refuses unknown types and options', () => {
    expect(() => draw({ type: 'alphabetical' } as never, 0, { rows: 2, batch: 1 }, [0])).toThrow(
      /permutation.*independent/,
    );
    const draws = (options: object) => () => draw(options as never, 0, { rows: 2, batch: 1 }, [0]);
    expect(draws({ type: 'permutation', bucket: true })).toThrow(/Did you mean "buckets"/);
    expect(draws({ type: 'permutation', buckets: 'yes' })).toThrow(/invalid value for buckets/);
    expect(draws({ type: 'independent', buckets: true })).toThrow(/no option with this name/);
  });
});
