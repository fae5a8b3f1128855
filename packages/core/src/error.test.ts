import { describe, expect, it } from 'vitest';
import { LeaError, show } from './index.ts';

describe('LeaError', () => {
  it('says what was wrong, the value and the way out', () => {
    const error = new LeaError('E_X', 'The rate is out of range.', { value: 2, hint: 'Use a rate below 1.' });
    expect(error.message).toBe('The rate is out of range. Got 2. Use a rate below 1.');
    expect(error).toMatchObject({ code: 'E_X', value: 2, name: 'LeaError' });
  });

  it('ends the quoted message of other software before its own next sentence', () => {
    const of = (what: string) => new LeaError('E_X', what, { value: 2 }).message;
    expect(of("DuckDB cannot read the file: no magic bytes at the end of 'a.parquet'")).toBe(
      "DuckDB cannot read the file: no magic bytes at the end of 'a.parquet'. Got 2.",
    );
    expect(of('It said "No."')).toBe('It said "No." Got 2.');
    expect(of('It is full. \n')).toBe('It is full. Got 2.');
    expect(of('Choose one of:')).toBe('Choose one of: Got 2.');
  });

  it('shortens long values and survives those JSON cannot hold', () => {
    expect(show('x'.repeat(500)).length).toBe(120);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(show(circular)).toBe('[object Object]');
    expect(show(Number.NaN)).toBe('NaN');
    let deep: unknown = [];
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(show(deep)).toBe('[object]');
    const unprintable = { n: 1n, toString: 3 };
    expect(show(unprintable)).toBe('[object]');
    expect(new LeaError('E_X', 'No.', { value: unprintable }).message).toBe('No. Got [object].');
  });
});
