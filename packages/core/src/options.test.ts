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
  });

  it.each([
    ['dropuot', ['dropout', 'blocks'], 'dropout'],
    ['wdith', ['width', 'depth'], 'width'],
    ['snq', ['sqn', 'snqn'], 'sqn'],
    ['taus', ['tau'], 'tau'],
    ['EPOCH', ['epochs'], 'epochs'],
    ['K', ['k'], 'k'],
    // Two of 5 letters, one of 2, and no letter in common.
    ['lines', ['linear', 'fines'], 'fines'],
    ['heads', ['hours'], undefined],
    ['lm', ['lr', 'k'], undefined],
    ['k', ['lr'], undefined],
    ['zzz', ['dropout', 'blocks'], undefined],
  ])('the word nearest to %s among %j is %s', (word, known, near) => {
    expect(nearest(word, known)).toBe(near);
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
