import { describe, expect, it } from 'vitest';
import { nearest, withDefaults } from './index.ts';

describe('withDefaults', () => {
  it('keeps defaults for undefined, takes the rest', () => {
    expect(withDefaults('x', { a: 1, b: 2 }, { a: undefined, b: 3 })).toEqual({ a: 1, b: 3 });
  });

  it('refuses an unknown key and names the nearest one', () => {
    expect(() => withDefaults('sasrec', { dropout: 0.1 }, { dropuot: 0.2 } as never)).toThrow(
      'sasrec has no option with this name. Got "dropuot". Did you mean "dropout"?',
    );
    expect(nearest('zzz', ['dropout', 'blocks'])).toBeUndefined();
  });

  it.each(['toString', 'constructor', '__proto__'])('refuses %s, which every object inherits', (name) => {
    const given = JSON.parse(`{"${name}": 1}`);
    expect(() => withDefaults('sasrec', { dropout: 0.1 }, given)).toThrow(/no option with this name/);
  });
});

it.each([5, null, [], 'x', () => {}])('options that are no object are refused: %s', (given) => {
  expect(() => withDefaults('fit', { width: 1 }, given as never)).toThrow(
    expect.objectContaining({
      code: 'E_OPTION_VALUE',
      message: expect.stringContaining('fit: options must be an object'),
    }),
  );
});
