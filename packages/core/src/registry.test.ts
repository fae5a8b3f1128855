import { expect, test } from 'vitest';
import { createRegistry, optionsOf } from './registry.ts';
import { option, share, whole } from './schema.ts';

test('types are found by name; taken and unknown names are refused', () => {
  const baselines = createRegistry<{ type: string; rank: number }>('baseline', [{ type: 'popularity', rank: 1 }]);
  const mine = { type: 'mine', rank: 2, more: true };
  expect(baselines.define(mine)).toBe(mine);
  expect(baselines.find('mine')).toBe(mine);
  expect(baselines.types()).toEqual(['popularity', 'mine']);
  const taken = { code: 'E_TYPE_TAKEN', value: 'mine', message: expect.stringContaining('type of baseline') };
  expect(() => baselines.define({ type: 'mine', rank: 3 })).toThrow(expect.objectContaining(taken));
  baselines.define({ type: 'mine', rank: 4 }, true);
  expect(baselines.find('mine').rank).toBe(4);
  const unknown = {
    code: 'E_TYPE_UNKNOWN',
    message: expect.stringMatching(/Unknown type of baseline.*Did you mean "popularity"/),
  };
  expect(() => baselines.find('popularty')).toThrow(expect.objectContaining(unknown));
  expect(() => baselines.find('x')).toThrow(/types are: popularity, mine\./);
});

test('options are completed, then checked, each alone and then together', () => {
  const check = ({ last, half }: { last: number; half: number }) => {
    if (last < half) throw new RangeError('last');
  };
  const definition = { type: 'mine', schema: { last: option(whole(0), 3), half: option(share, 0.5) }, check };
  expect(optionsOf(definition, { last: 7 })).toEqual({ last: 7, half: 0.5 });
  expect(() => optionsOf(definition, { last: 0 })).toThrow(RangeError);
  expect(() => optionsOf(definition, { last: 0, half: 2 })).toThrow('mine: half must be a number from 0 to 1. Got 2.');
  expect(() => optionsOf(definition, { lst: 3 } as never)).toThrow(/mine has no option.*Did you mean "last"/);
});
