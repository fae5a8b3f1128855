import { describe, expect, it } from 'vitest';
import { checkRanges, type NumberRange } from './index.ts';

describe('checkRanges', () => {
  const check = (x: unknown, ...range: NumberRange) => checkRanges('f', { x: x as number }, { x: range });

  it('includes the bounds, Infinity only where it is one', () => {
    for (const x of [0, 0.5, 1]) expect(() => check(x, 0, 1)).not.toThrow();
    expect(() => check(Infinity, 1, Infinity)).not.toThrow();
    expect(() => check(1e300, 0, Number.MAX_VALUE)).not.toThrow();
    for (const x of [Infinity, -Infinity, Number.NaN, null, '1']) {
      expect(() => check(x, -Number.MAX_VALUE, Number.MAX_VALUE)).toThrow('f: x must be a finite number.');
    }
  });

  it('says what may be given, without the numbers next to 0 and 1', () => {
    const { MIN_VALUE, MAX_VALUE, EPSILON } = Number;
    expect(() => check(0, MIN_VALUE, 1 - EPSILON / 2)).toThrow('f: x must be a number between 0 and 1. Got 0.');
    expect(() => check(1, 0, 1 - EPSILON)).toThrow('f: x must be a number from 0 to below 1. Got 1.');
    expect(() => check(0, MIN_VALUE, 5)).toThrow('f: x must be a number above 0, at most 5. Got 0.');
    expect(() => check(0, MIN_VALUE, MAX_VALUE)).toThrow('f: x must be a finite number above 0. Got 0.');
    expect(() => check(2, 0, 1)).toThrow('f: x must be a number from 0 to 1. Got 2.');
    expect(() => check(Infinity, 0, Number.MAX_VALUE)).toThrow(
      'f: x must be a finite number of at least 0. Got Infinity.',
    );
    expect(() => check(-1, 0, Infinity)).toThrow('f: x must be a number of at least 0. Got -1.');
    expect(() => check(1.5, 1, Infinity, 'whole or Infinity')).toThrow(
      'f: x must be a whole number of at least 1, or Infinity. Got 1.5.',
    );
    expect(() => check(Infinity, 1, Infinity, 'whole or Infinity')).not.toThrow();
    expect(() => check(Infinity, 1, Infinity, 'whole')).toThrow(
      'f: x must be a whole number of at least 1. Got Infinity.',
    );
  });
});
