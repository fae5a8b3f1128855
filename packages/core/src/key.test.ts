import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSeed, fold, integers, key, normal, permutation, randomBits, uniform } from './index.ts';

/** What is no whole number below 2^53. */
const noInteger = fc.oneof(
  fc.constantFrom(
    Number.NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 53),
    1e300,
    undefined,
    null,
    true,
    false,
    1n,
    '',
    '1',
  ),
  fc.double().filter((x) => !Number.isSafeInteger(x)),
  fc.array(fc.integer()),
  fc.object(),
);

describe('seeds', () => {
  it('are safe integers, for every key and label', () => {
    for (const seed of [0, -0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      expect(() => checkSeed('f', seed)).not.toThrow();
      expect(() => fold(key(seed), seed)).not.toThrow();
    }
    const refused = expect.objectContaining({ code: 'E_OPTION_VALUE' });
    fc.assert(
      fc.property(noInteger, (seed) => {
        expect(() => checkSeed('f', seed)).toThrow(refused);
        expect(() => key(seed as number)).toThrow(refused);
        if (typeof seed !== 'string') expect(() => fold(key(0), seed as number)).toThrow(refused);
      }),
    );
    expect(() => checkSeed('train', 0.3)).toThrow('train: seed must be a whole number below 2^53. Got 0.3.');
  });

  it('draws are counted in whole numbers', () => {
    const refused = expect.objectContaining({ code: 'E_OPTION_VALUE' });
    fc.assert(
      fc.property(
        fc.oneof(noInteger, fc.integer({ max: -1 })),
        fc.constantFrom(uniform, normal, permutation),
        (n, draw) => {
          expect(() => draw(key(0), n as number)).toThrow(refused);
          expect(() => integers(key(0), n as number, 3)).toThrow(refused);
          expect(() => integers(key(0), 3, n as number)).toThrow(refused);
        },
      ),
    );
    expect(() => integers(key(0), 1, 0)).toThrow(refused);
  });
});

describe('keys', () => {
  it('draws the same for the same key and differently for another label', () => {
    const a = uniform(fold(key(7), 'negatives'), 50);
    expect(uniform(fold(key(7), 'negatives'), 50)).toEqual(a);
    expect(uniform(fold(key(7), 'dropout'), 50)).not.toEqual(a);
    expect(uniform(fold(key(8), 'negatives'), 50)).not.toEqual(a);
  });

  it('has the moments of the uniform and the normal distribution', () => {
    const count = 40_000;
    const mean = (xs: Float32Array) => xs.reduce((sum, x) => sum + x, 0) / count;
    const u = uniform(key(1), count);
    expect(mean(u)).toBeCloseTo(0.5, 2);
    expect(mean(u.map((x) => (x - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
    const z = normal(key(2), count);
    expect(Math.abs(mean(z))).toBeLessThan(0.02);
    expect(Math.abs(mean(z.map((x) => x * x)) - 1)).toBeLessThan(0.03);
  });

  it('gives streams that are uncorrelated with one another and with themselves shifted', () => {
    const a = uniform(fold(key(3), 0), 40_000);
    const b = uniform(fold(key(3), 1), 40_000);
    let across = 0;
    let serial = 0;
    for (let i = 1; i < a.length; i++) {
      across += (a[i]! - 0.5) * (b[i]! - 0.5);
      serial += (a[i]! - 0.5) * (a[i - 1]! - 0.5);
    }
    expect(Math.abs((12 * across) / a.length)).toBeLessThan(0.02);
    expect(Math.abs((12 * serial) / a.length)).toBeLessThan(0.02);
  });

  it('fills every cell of a chi-square test for integers', () => {
    const cells = new Array<number>(10).fill(0);
    for (const x of integers(key(4), 20_000, 10)) cells[x]!++;
    const chiSquare = cells.reduce((sum, c) => sum + (c - 2000) ** 2 / 2000, 0);
    expect(chiSquare).toBeLessThan(27.9); // 99.9 % quantile, 9 degrees of freedom
  });

  it('permutes without losing anything', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 200 }), (seed, n) => {
        const order = [...permutation(key(seed), n)].sort((x, y) => x - y);
        expect(order).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('never changes: golden bits', () => {
    expect([0, 1, 2].map((i) => randomBits([1, 2], i))).toMatchInlineSnapshot(`
      [
        1967125546,
        -658131043,
        -1976823845,
      ]
    `);
    expect(fold(key(0), 'a').words).toMatchInlineSnapshot(`
      [
        -1394923636,
        -1560495220,
      ]
    `);
  });
});
